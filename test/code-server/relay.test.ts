import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { visit, waitUntilPublished } from './cloudflare.ts';
import { waitFor } from './waiting.ts';
import { withClass } from './withClass.ts';

const app = fileURLToPath(new URL('../fixtures/obstinateApp', import.meta.url));

describe('a dev server that takes a port of its own and knows no public name', () => {
  it('is reached by its public name; a page waits for it while it is stopped', () => withClass('obstinate', async ({ classroom, context, openWindow, openTerminal }) => {
    const window = await openWindow();
    const terminal = await openTerminal(window);
    await terminal.type('npm run dev');
    await waitUntilPublished(classroom);
    await window.waitForStatus(new RegExp(`^\\s*${classroom.hostname}\\s*$`));
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
  }, { app }));
});
