import { identify, runs } from '../../src/shell/processIds.ts';
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

/** A VS Code terminal as the scanner sees it: it may have another shell at any time. */
interface Terminal {
  shell: string;
  type: (line: string) => void;
}

describe('scanning a terminal', () => {
  const running = new Running();
  let folder: string;
  let scanner: TerminalScanner<Terminal>;
  /** Shells in the order in which terminals got them. */
  let shells: string[];
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
    shells = [];
    scanner = new TerminalScanner<Terminal>({
      watched: () => watched,
      uid: process.getuid?.() ?? 0,
      currentShell: ({ shell }) => Promise.resolve(runs(shell) ? shell : undefined),
      onShell: (_, next, previous) => shells.push(`${previous ?? 'none'} → ${next}`),
      onSight: (_, sightings) => sights.push(sightings),
    });
  });
  afterEach(() => {
    scanner.dispose();
    running.end();
  });

  /** A real terminal: bash on a pseudo-terminal. @returns its shell's name, and a way to type in it */
  async function terminal(): Promise<Terminal> {
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
    const it = await terminal();
    const { type } = it;
    scanner.add(it);
    type('PORT=3999 devcmd run');
    scanner.scan(it, bursts.announced);
    await until(() => seen().length > 0);
    assert.deepEqual(seen(), ['3999']);
  });

  it('sees a command of which no event tells, by what it writes', async () => {
    const it = await terminal();
    const { type } = it;
    scanner.add(it);
    await until(() => sights.length >= bursts.started.length); // the looks after the opening are over
    type('bash --norc -c "devcmd run; true"');
    await until(() => seen().length > 0);
    assert.deepEqual(seen(), ['3000']);
  });

  it('sees that it has ended, and what starts next', async () => {
    const it = await terminal();
    const { type } = it;
    scanner.add(it);
    type('devcmd run');
    const first = await until(() => sights.at(-1)?.[0]?.process);
    type(''); // ends it
    await until(() => (scanner.scan(it, bursts.moment), sights.at(-1)?.length === 0));
    type('devcmd run');
    const second = await until(() => sights.at(-1)?.[0]?.process);
    assert.notEqual(first, second);
  });

  it('says so when nothing came up', async () => {
    const it = await terminal();
    scanner.add(it);
    await new Promise<void>((resolve) => scanner.scan(it, [0, 10, 20], resolve));
    assert.deepEqual(seen(), []);
  });

  it('follows a terminal whose shell was replaced, without being told', async () => {
    const it = await terminal();
    scanner.add(it);
    await until(() => shells.length === 1);
    const first = it.shell;
    Object.assign(it, await terminal());
    it.type('devcmd run');
    scanner.scan(it, bursts.announced);
    await until(() => seen().length > 0);
    assert.deepEqual(shells, [`none → ${first}`, `${first} → ${it.shell}`]);
    assert.equal(scanner.shellOf(it), it.shell);
    assert.equal(scanner.remove(it), it.shell);
  });

  it('waits for the shell of a terminal that has none yet', async () => {
    const it = { shell: '1:1', type: () => undefined };
    scanner.add(it);
    await until(() => scanner.shellOf(it) === undefined);
    Object.assign(it, await terminal());
    scanner.scan(it, bursts.moment);
    await until(() => shells.length === 1);
    assert.equal(scanner.shellOf(it), it.shell);
  });

  it('keeps the shell that has ended until another one takes its place', async () => {
    const it = await terminal();
    scanner.add(it);
    await until(() => scanner.shellOf(it) === it.shell);
    it.type('exit');
    await until(() => !runs(it.shell));
    assert.equal(await scanner.follow(it), it.shell);
    assert.equal(shells.length, 1);
  });

  it('sees what runs in the tmux that the terminal shows, and not what runs in another', async () => {
    const it = await terminal();
    const { shell, type } = it;
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
    scanner.add(it);
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
