import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { visit, waitUntilGone } from './cloudflare.ts';
import { PICTURES } from './evidence.ts';
import { withCodeServer } from './withCodeServer.ts';

describe("a student's site, in a real browser", () => {
  it('goes live when the command is typed, and is gone when the window is closed', () =>
    withCodeServer(
      'student',
      async ({ classroom, context, openWindow, openTerminal }) => {
        const window = await openWindow();
        await window.waitForStatus('Not public');
        const terminal = await openTerminal(window);
        await terminal.type('npm run dev');

        await window.waitForStatus(new RegExp(`^\\s*${classroom.hostname}\\s*$`));
        const notification = window.notification(`Your site is live: ${classroom.hostname}`);
        await notification.waitFor();
        await mkdir(PICTURES, { recursive: true });
        await window.page.screenshot({ path: `${PICTURES}window.png` });

        const [site] = await Promise.all([context.waitForEvent('page'), window.press(notification, 'Open')]);
        await site.getByRole('heading', { name: "Hello from student1's site" }).waitFor();
        assert.equal(new URL(site.url()).origin, classroom.siteUrl);
        const html = join(classroom.folder, 'index.html');
        await writeFile(html, (await readFile(html, 'utf8')).replace('Hello from', 'Welcome to'));
        await site.getByRole('heading', { name: "Welcome to student1's site" }).waitFor();

        assert.equal(
          await window.notification('Your application running on port').count(),
          0,
          "VS Code's own notice of the port",
        );
        await window.close();
        await waitUntilGone(classroom);
        assert.equal((await visit(classroom)).status, 404);
      },
      process.env.PICTURE ? { favouritePort: 3000 } : {},
    )); // the README's picture shows port 3000, as its text does
});
