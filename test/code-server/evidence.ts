/** Keeps evidence of a failed test: a picture of every page, and the logs of the extension and of code-server. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContext } from 'playwright-core';
import type { Classroom } from '../../demo/classroom.ts';

/** The folder of the README's picture and of the pictures of failed tests. */
export const PICTURES = fileURLToPath(new URL('../../out/pictures/', import.meta.url));

const LOGS = /^(Classroom Tunnel|remoteagent|remoteexthost)\.log$/;
const LAST_LINES = 40;

/** Takes a picture of every page, and prints the end of the logs. @param title names the pictures */
export async function keepEvidence(
  { context, classroom }: { context: BrowserContext; classroom: Classroom },
  title: string,
): Promise<void> {
  await mkdir(PICTURES, { recursive: true });
  const shots = context
    .pages()
    .map((page, index) => page.screenshot({ path: `${PICTURES}failed-${title.replaceAll(/\W+/g, '-')}-${index}.png` }));
  await Promise.allSettled([...shots, printLogs(classroom.codeServer.logs)]);
}

async function printLogs(folder: string): Promise<void> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const { parentPath, name } of files.filter((file) => LOGS.test(file.name))) {
    const lines = (await readFile(join(parentPath, name), 'utf8')).trimEnd().split('\n');
    console.log([`--- ${join(parentPath.slice(folder.length), name)}`, ...lines.slice(-LAST_LINES)].join('\n'));
  }
}
