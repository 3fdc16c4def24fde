// The sites of the relay's bench: a process that prints its address, and the modules of a page.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export async function writeModules(folder: string, paths: readonly string[]): Promise<void> {
  await mkdir(join(folder, 'src'));
  for (const path of paths)
    await writeFile(join(folder, path), `export const words = ${JSON.stringify('word '.repeat(400))};\n`);
  await writeFile(
    join(folder, 'index.html'),
    `<script type="module">${paths.map((path) => `import '${path}';`).join('')}</script>`,
  );
}

/** Starts a server and reads its address from its output. */
export async function startSite(
  started: ChildProcess[],
  [program = '', ...args]: string[],
  port = /^(\d+)$/,
): Promise<number> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, NO_COLOR: '1' },
  });
  started.push(child);
  const lines = createInterface({ input: child.stdout });
  for (;;) {
    const [line] = (await once(lines, 'line')) as [string];
    const found = port.exec(line)?.[1];
    if (found !== undefined) return Number(found);
  }
}
