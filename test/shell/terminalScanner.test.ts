import { identify } from '../../src/shell/processIds.ts';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { children } from '../../src/shell/processes.ts';
import { TerminalScanner, bursts } from '../../src/shell/terminalScanner.ts';
import { treeOf, type Sighting } from '../../src/shell/terminalProcesses.ts';
import { nextPause } from '../../src/shell/ptyActivity.ts';
import { Running, until } from '../fixtures/shell/running.ts';

/** A command of our own in place of npm, which would take a second to start. */
const watched = { commands: ['devcmd run'], portVariable: 'PORT' };

describe('looking into a terminal', () => {
  const running = new Running();
  let folder: string;
  let looker: TerminalScanner;
  let sights: (readonly Sighting[])[];
  /** The portText of what was seen last. */
  const seen = (): (string | undefined)[] => (sights.at(-1) ?? []).map(({ portText }) => portText);

  beforeEach(() => {
    folder = running.folder();
    writeFileSync(
      join(folder, 'devcmd'),
      "#!/usr/bin/env node\nconsole.log('started');\nprocess.stdin.once('data', () => process.exit());\n",
      { mode: 0o755 },
    );
    sights = [];
    looker = new TerminalScanner({
      watched: () => watched,
      uid: process.getuid?.() ?? 0,
      onSight: (_, sightings) => sights.push(sightings),
    });
  });
  afterEach(() => {
    looker.dispose();
    running.end();
  });

  /** A real terminal: bash on a pseudo-terminal. @returns its shell's name, and a way to type in it */
  async function terminal(): Promise<{ shell: string; type: (line: string) => void }> {
    const env = {
      ...process.env,
      PATH: `${folder}:${process.env.PATH ?? ''}`,
      PORT: '3000',
      PS1: '$ ',
      HOME: folder,
      TMUX_TMPDIR: folder,
      TERM: 'xterm',
    };
    delete (env as NodeJS.ProcessEnv).TMUX;
    const script = running.spawn('script', ['-qfc', 'exec bash --norc -i', '/dev/null'], {
      env,
      cwd: folder,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const shell = await until(() => children(script.pid).find(({ argv }) => argv[0] === 'bash'));
    return { shell: `${shell.pid}:${shell.startTime}`, type: (line) => script.stdin?.write(`${line}\n`) };
  }

  it('sees a command that an event announced, with the port that it was given', async () => {
    const { shell, type } = await terminal();
    looker.add(shell);
    type('PORT=3999 devcmd run');
    looker.look(shell, bursts.announced);
    await until(() => seen().length > 0);
    assert.deepEqual(seen(), ['3999']);
  });

  it('sees a command of which no event tells, by what it writes', async () => {
    const { shell, type } = await terminal();
    looker.add(shell);
    await until(() => sights.length >= bursts.started.length); // the looks after the opening are over
    type('bash --norc -c "devcmd run; true"');
    await until(() => seen().length > 0);
    assert.deepEqual(seen(), ['3000']);
  });

  it('sees that it has ended, and what starts next', async () => {
    const { shell, type } = await terminal();
    looker.add(shell);
    type('devcmd run');
    const first = await until(() => sights.at(-1)?.[0]?.process);
    type(''); // ends it
    await until(() => (looker.look(shell, bursts.moment), sights.at(-1)?.length === 0));
    type('devcmd run');
    const second = await until(() => sights.at(-1)?.[0]?.process);
    assert.notEqual(first, second);
  });

  it('says so when nothing came up', async () => {
    const { shell } = await terminal();
    looker.add(shell);
    await new Promise<void>((resolve) => looker.look(shell, [0, 10, 20], resolve));
    assert.deepEqual(seen(), []);
  });

  it('sees what runs in the tmux that the terminal shows, and not what runs in another', async () => {
    const { shell, type } = await terminal();
    running.atEnd(() => {
      for (const name of ['shown', 'other']) {
        try {
          execFileSync('tmux', ['-L', name, 'kill-server'], {
            env: { ...process.env, TMUX_TMPDIR: folder },
            stdio: 'ignore',
          });
        } catch {
          /* it has ended with its last shell */
        }
      }
    });
    looker.add(shell);
    execFileSync('tmux', ['-L', 'other', 'new-session', '-d', `PORT=4000 ${folder}/devcmd run`], {
      env: { ...process.env, TMUX_TMPDIR: folder },
    });
    type('tmux -L shown new "PORT=3001 devcmd run"');
    await until(() => seen().length > 0);
    assert.deepEqual(seen(), ['3001']);
    const pid = Number(sights.at(-1)?.[0]?.process.split(':')[0]);
    assert.ok(treeOf(shell).includes(pid), "its listeners count as the terminal's");
  });

  it('is not fooled by a reused process id', () => {
    const name = identify(process.pid) ?? '';
    assert.deepEqual(treeOf(name).includes(process.pid), true);
    assert.deepEqual(treeOf(`${process.pid}:1`), []);
  });
});

describe('the pause after an output', () => {
  it('grows while a terminal goes on writing, and is short again after a quiet time', () => {
    assert.deepEqual(
      [nextPause(250, 10), nextPause(2000, 10), nextPause(4000, 10), nextPause(4000, 5000)],
      [500, 4000, 4000, 250],
    );
  });
});
