import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { visit } from './cloudflare.ts';
import { live } from './life.ts';
import { withClass } from './withClass.ts';

const app = fileURLToPath(new URL('../fixtures/refusingApp', import.meta.url));

describe('a dev server that refuses visitors', () => {
  it('is named with the line to change, and its site is live by itself once that is done', () => withClass('refusal', async ({ classroom, openWindow, openTerminal }) => {
    const line = `server: { allowedHosts: ['${classroom.hostname}'] },`;
    const window = await openWindow();
    const terminal = await openTerminal(window);
    await terminal.type('npm run dev');
    await window.waitForStatus(`${classroom.hostname}: Vite refuses visitors`);
    const warning = window.notification('Vite refuses visitors');
    await warning.filter({ hasText: `Change this in vite.config.js: ${line}` }).waitFor();
    await window.statusBarItem.hover();
    await window.page.locator('.monaco-hover', { hasText: `It does not serve pages for ${classroom.hostname}` }).filter({ hasText: line }).waitFor();

    await writeFile(join(classroom.folder, 'vite.config.js'), `export default { ${line} };\n`);
    await window.waitForStatus(live(classroom));
    assert.equal(await warning.count(), 1, 'it was told once');
    assert.match((await visit(classroom)).body, /Let in at last/);
  }, { app }));
});
