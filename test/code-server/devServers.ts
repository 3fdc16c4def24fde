import assert from 'node:assert/strict';
import { cp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Classroom } from '../../demo/classroom.ts';
import { visit, waitUntilPublished } from './cloudflare.ts';
import { live } from './life.ts';
import type { SharedSession } from './sharedSession.ts';
import { waitFor } from './waiting.ts';

/** Copies an app from test/fixtures beside the student's own. Returns its folder and the line that starts it. */
export async function bringApp({ folder }: Classroom, name: string): Promise<{ folder: string; start: string }> {
  const copy = join(dirname(folder), name);
  await cp(fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url)), copy, { recursive: true });
  return { folder: copy, start: `cd ../${name} && npm run dev` };
}

/** Tests with dev servers that behave less simply than the demo's. */
export function describeDevServers(shared: () => SharedSession): void {
  describe('a dev server that takes a port of its own and knows no public name', () => {
    it('is reached by its public name, and a waiting page stands in while it is stopped', async () => {
      const { classroom, context, openTerminal, ...session } = shared();
      const { start } = await bringApp(classroom, 'obstinateApp');
      const window = await session.window();
      const terminal = await openTerminal(window);
      await terminal.type(start);
      await waitUntilPublished(classroom);
      await window.waitForStatus(live(classroom));
      const visitor = await context.newPage();
      await visitor.goto(classroom.siteUrl);
      await visitor.getByRole('heading', { name: 'Reached all the same' }).waitFor();

      const calls = classroom.standIn.requests.length;
      await terminal.interrupt();
      await waitFor(async () => (await visit(classroom)).status === 503, 'the waiting page');
      await visitor.reload();
      assert.match(await visitor.locator('body').innerText(), new RegExp(classroom.hostname));
      await terminal.type('npm run dev');
      await visitor.getByRole('heading', { name: 'Reached all the same' }).waitFor(); // the waiting page has reloaded
      assert.equal(classroom.standIn.requests.length, calls, 'a port of its own costs no API call');
      await visitor.close();
    });
  });

  describe('a dev server that refuses visitors', () => {
    it('is reported with the line to change, and its site goes live once the line is changed', async () => {
      const { classroom, openTerminal, ...session } = shared();
      const { folder, start } = await bringApp(classroom, 'refusingApp');
      const line = `server: { allowedHosts: ['${classroom.hostname}'] },`;
      const window = await session.window();
      const terminal = await openTerminal(window);
      await terminal.type(start);
      await window.waitForStatus(`${classroom.hostname}: Vite refuses visitors`);
      const warning = window.notification('Vite refuses visitors');
      await warning.filter({ hasText: `Change this in vite.config.js: ${line}` }).waitFor();
      await window.statusBarItem.hover();
      await window.page
        .locator('.monaco-hover', { hasText: `It does not serve pages for ${classroom.hostname}` })
        .filter({ hasText: line })
        .waitFor();

      await writeFile(join(folder, 'vite.config.js'), `export default { ${line} };\n`);
      await window.waitForStatus(live(classroom));
      assert.equal(await warning.count(), 1, 'the student was told once');
      assert.match((await visit(classroom)).body, /Let in at last/);
    });
  });
}
