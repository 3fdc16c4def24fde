import assert from 'node:assert/strict';
import { cp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Classroom } from '../../demo/classroom.ts';
import { visit, waitUntilPublished } from './cloudflare.ts';
import { live } from './life.ts';
import type { Room } from './room.ts';
import { waitFor } from './waiting.ts';

/** Puts one of the apps in test/fixtures beside the student's own, and gives the line that starts it. */
async function bringApp({ folder }: Classroom, name: string): Promise<{ folder: string; start: string }> {
  const copy = join(dirname(folder), name);
  await cp(fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url)), copy, { recursive: true });
  return { folder: copy, start: `cd ../${name} && npm run dev` };
}

/** What a student meets whose dev server is not as simple as the demo's. */
export function describeDevServers(room: () => Room): void {
  describe('a dev server that takes a port of its own and knows no public name', () => {
    it('is reached by its public name; a page waits for it while it is stopped', async () => {
      const { classroom, context, openTerminal, ...it } = room();
      const { start } = await bringApp(classroom, 'obstinateApp');
      const window = await it.window();
      const terminal = await openTerminal(window);
      await terminal.type(start);
      await waitUntilPublished(classroom);
      await window.waitForStatus(live(classroom));
      const visitor = await context.newPage();
      await visitor.goto(classroom.siteUrl);
      await visitor.getByRole('heading', { name: 'Reached all the same' }).waitFor();

      const calls = classroom.standIn.requests.length;
      await terminal.interrupt();
      await waitFor(async () => (await visit(classroom)).status === 503, 'the page that waits');
      await visitor.reload();
      assert.match(await visitor.locator('body').innerText(), new RegExp(classroom.hostname));
      await terminal.type('npm run dev');
      await visitor.getByRole('heading', { name: 'Reached all the same' }).waitFor(); // it has reloaded itself
      assert.equal(classroom.standIn.requests.length, calls, 'another port costs no call');
      await visitor.close();
    });
  });

  describe('a dev server that refuses visitors', () => {
    it('is named with the line to change, and its site is live by itself once that is done', async () => {
      const { classroom, openTerminal, ...it } = room();
      const { folder, start } = await bringApp(classroom, 'refusingApp');
      const line = `server: { allowedHosts: ['${classroom.hostname}'] },`;
      const window = await it.window();
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
      assert.equal(await warning.count(), 1, 'it was told once');
      assert.match((await visit(classroom)).body, /Let in at last/);
    });
  });
}
