import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { published, waitUntilGone, waitUntilPublished } from './cloudflare.ts';
import { apiCallsDuring, goLive, live, stopped } from './life.ts';
import type { SharedSession } from './sharedSession.ts';
import type { Session } from './withCodeServer.ts';
import type { Terminal, Workbench } from './workbench.ts';

const RESTARTS = 10;
/** Files of the folder's .vscode. They are written before the window opens, as an open window notices them late. */
const VSCODE_FILES = {
  'tasks.json': {
    version: '2.0.0',
    tasks: [
      {
        label: 'dev',
        type: 'shell',
        command: 'npm run dev',
        group: { kind: 'build', isDefault: true },
        problemMatcher: [],
      },
    ],
  },
  'launch.json': {
    version: '0.2.0',
    configurations: [{ name: 'dev', type: 'node-terminal', request: 'launch', command: 'npm run dev' }],
  },
};

/** Tests of the terminals of one window. */
export function describeTerminals(shared: () => SharedSession): void {
  describe('a terminal', () => {
    before(async () => {
      const folder = join(shared().classroom.folder, '.vscode');
      await mkdir(folder);
      for (const [file, content] of Object.entries(VSCODE_FILES))
        await writeFile(join(folder, file), JSON.stringify(content));
    });

    const begin = async (): Promise<Session & { window: Workbench; terminal: Terminal }> => {
      const session = shared();
      const window = await session.window();
      return { ...session, window, terminal: await goLive(session, window) };
    };

    /** Types lines into a terminal and waits until the site is live. */
    const liveAfter = async (...lines: string[]): Promise<void> => {
      const { classroom, openTerminal, ...session } = shared();
      const window = await session.window();
      const terminal = await openTerminal(window);
      for (const line of lines) await terminal.type(line);
      await window.waitForStatus(live(classroom));
      await waitUntilPublished(classroom);
    };

    it('takes the site down when it is closed', async () => {
      const { classroom, window } = await begin();
      await window.runCommand('Terminal: Kill the Active Terminal Instance');
      await waitUntilGone(classroom);
      await window.waitForStatus('Not public');
      assert.equal(published(classroom).rule, false);
    });

    it('takes the link down when "exit" is typed where the command ran', async () => {
      const { classroom, window, terminal } = await begin();
      await terminal.interrupt();
      await window.waitForStatus('server stopped');
      await terminal.type('exit');
      await waitUntilGone(classroom);
    });

    it('shares the publication with another terminal, and the last one closed takes it down', async () => {
      const { classroom, window, terminal, openTerminal } = await begin();
      await terminal.interrupt();
      await window.waitForStatus('server stopped');
      const second = await openTerminal(window);
      await second.type('npm run dev');
      await window.waitForStatus(live(classroom));
      await second.interrupt();
      await second.type('exit');
      await window.waitForStatus('server stopped');
      await waitUntilPublished(classroom);
      await window.runCommand('Terminal: Kill All Terminals');
      await waitUntilGone(classroom);
    });

    it('keeps the link through ten restarts of the server, without an API call or another notification', async () => {
      const { classroom, window, terminal } = await begin();
      const notification = window.notification('Your site is live');
      await notification.locator('.codicon-notifications-clear').click();
      await notification.waitFor({ state: 'detached' });
      const calls = await apiCallsDuring(classroom, async () => {
        for (let restart = 0; restart < RESTARTS; restart += 1) {
          await terminal.interrupt();
          await window.waitForStatus(stopped(classroom));
          await terminal.type('npm run dev');
          await window.waitForStatus(live(classroom));
          assert.equal(await notification.count(), 0);
        }
      });
      assert.equal(calls, 0);
    });

    it('opens the site when its status bar item is clicked', async () => {
      const { context, window } = await begin();
      const [site] = await Promise.all([context.waitForEvent('page'), window.statusBarItem.click()]);
      await site.getByRole('heading', { name: "Hello from student1's site" }).waitFor();
      await site.close();
    });

    it('is watched where VS Code reports nothing: a sub-shell', () => liveAfter('bash --norc', 'npm run dev'));

    it('is watched where VS Code reports nothing: a background list', () => liveAfter('cd . && npm run dev &'));

    it('is watched where VS Code reports nothing: tmux', async () => {
      await writeFile(
        join(shared().classroom.codeServer.home, '.tmux.conf'),
        'set -g status off\nset -g default-command "PS1=\'in-tmux$ \' bash --norc"\n',
      );
      await liveAfter('tmux -L class', 'npm run dev');
    });

    it('is watched where VS Code reports nothing: a task', async () => {
      const { classroom, openTerminal, ...session } = shared();
      const window = await session.window();
      await (await openTerminal(window)).type('exit'); // opening it also trusts the folder
      await window.runCommand('Tasks: Run Build Task');
      await window.waitForStatus(live(classroom));
    });

    it('is watched where VS Code reports nothing: a debug session', async () => {
      const { classroom, openTerminal, ...session } = shared();
      const window = await session.window();
      await (await openTerminal(window)).type('exit');
      await window.runCommand('Debug: Start Debugging');
      await window.waitForStatus(live(classroom));
      await window.runCommand('Debug: Stop'); // also ends its terminal
      await waitUntilGone(classroom);
    });

    it('publishes the command when a function runs it', () => liveAfter('serve() { npm run dev; }', 'serve'));
  });
}
