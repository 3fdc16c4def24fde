import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitUntilGone, waitUntilPublished } from './cloudflare.ts';
import { goLive, live } from './life.ts';
import { withClass } from './withClass.ts';
import type { Class } from './withClass.ts';

/** Types lines into a terminal and waits until the site is live. */
async function liveAfter({ classroom, openWindow, openTerminal }: Class, ...lines: string[]): Promise<void> {
  const window = await openWindow();
  const terminal = await openTerminal(window);
  for (const line of lines) await terminal.type(line);
  await window.waitForStatus(live(classroom));
  await waitUntilPublished(classroom);
}

describe('a terminal', () => {
  it('takes the link along when "exit" is typed where the command ran', () => withClass('exit', async (it) => {
    const { window, terminal } = await goLive(it);
    await terminal.interrupt();
    await window.waitForStatus('server stopped');
    await terminal.type('exit');
    await waitUntilGone(it.classroom);
  }));

  it('shares the publication with another one, and the last takes it along', () => withClass('two terminals', async (it) => {
    const { window, terminal } = await goLive(it);
    await terminal.interrupt();
    await window.waitForStatus('server stopped');
    const second = await it.openTerminal(window);
    await second.type('npm run dev');
    await window.waitForStatus(live(it.classroom));
    await second.interrupt();
    await second.type('exit');
    await window.waitForStatus('server stopped');
    await waitUntilPublished(it.classroom);
    await window.runCommand('Terminal: Kill All Terminals');
    await waitUntilGone(it.classroom);
  }));

  it('is looked into where no event tells: a sub-shell', () => withClass('sub-shell', (it) => liveAfter(it, 'bash --norc', 'npm run dev')));

  it('is looked into where no event tells: a background list', () => withClass('background', (it) => liveAfter(it, 'cd . && npm run dev &')));

  it('is looked into where no event tells: tmux', () => withClass('tmux', async (it) => {
    await writeFile(join(it.classroom.codeServer.home, '.tmux.conf'), 'set -g status off\nset -g default-command "PS1=\'in-tmux$ \' bash --norc"\n');
    await liveAfter(it, 'tmux -L class', 'npm run dev');
  }));

  it('is looked into where no event tells: a task', () => withClass('task', async (it) => {
    const folder = join(it.classroom.folder, '.vscode');
    await mkdir(folder);
    await writeFile(join(folder, 'tasks.json'), JSON.stringify({
      version: '2.0.0', tasks: [{ label: 'dev', type: 'shell', command: 'npm run dev', group: { kind: 'build', isDefault: true }, problemMatcher: [] }],
    }));
    const window = await it.openWindow();
    const terminal = await it.openTerminal(window);
    await terminal.type('exit');
    await window.runCommand('Tasks: Run Build Task');
    await window.waitForStatus(live(it.classroom));
  }));

  it('runs an alias and a function that end in the command', () => withClass('alias', (it) => liveAfter(it, 'serve() { npm run dev; }', 'serve')));
});
