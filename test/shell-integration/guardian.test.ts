import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { children, readProcess, type ProcessInfo } from '../../src/shell/processes.ts';
import { ending, Running, until } from '../fixtures/shell/running.ts';

const script = join(import.meta.dirname, '../../shell-integration/guardian.sh');
const long = '600';

describe('guardian.sh', () => {
  const running = new Running();
  let traces: string;
  beforeEach(() => (traces = join(running.folder(), 'traces')));
  afterEach(() => running.end());

  const leaveTrace = (): string[] => ['/bin/sh', '-c', 'echo "released by $$ in $(pwd)" >>"$1"', 'sh', traces];
  const tracesLeft = (): string[] => (existsSync(traces) ? readFileSync(traces, 'utf8').trim().split('\n') : []);

  function start(
    grace: string,
    shell = '/bin/sh',
    command = leaveTrace(),
  ): ReturnType<Running['spawn']> & { stdin: Writable } {
    const guardian = running.spawn(shell, [script, grace, ...command], {
      stdio: ['pipe', 'ignore', 'ignore'],
      cwd: running.folder(),
    });
    if (!guardian.stdin) throw new Error('no pipe');
    return guardian as ReturnType<typeof start>;
  }

  /** The guardian blocked on its pipe: it has reached its own last step before reading, which is leaving the folder. */
  const watching = (pid: number): Promise<ProcessInfo> =>
    until(() => readlinkSync(`/proc/${pid}/cwd`) === '/' && sleeps(pid) && readProcess(pid));

  /** State "S" in proc(5): waiting for an event, so not using the processor. */
  const sleeps = (pid: number): boolean => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') S ');

  const inGrace = async (pid: number): Promise<ProcessInfo> =>
    until(() => children(pid).find(({ argv }) => argv.join(' ') === `sleep ${long}`));

  // Debian has dash as /bin/sh, Red Hat bash.
  for (const shell of ['dash', 'bash']) {
    describe(`in ${shell}`, () => {
      it('runs the command once, as itself, when the pipe closes and the grace is over', async () => {
        const guardian = start('0.05', shell);
        await watching(guardian.pid);
        guardian.stdin.end();
        assert.equal(await ending(guardian), 0);
        assert.deepEqual(tracesLeft(), [`released by ${guardian.pid} in /`]);
      });

      it('ends silently on the line "released", with or without its newline', async () => {
        for (const line of ['released\n', 'released']) {
          const guardian = start('0', shell);
          guardian.stdin.end(line);
          assert.equal(await ending(guardian), 0);
        }
        assert.deepEqual(tracesLeft(), []);
      });

      it('takes no other line for that', async () => {
        const guardian = start('0', shell);
        guardian.stdin.end('released?\nhello\n');
        assert.equal(await ending(guardian), 0);
        assert.equal(tracesLeft().length, 1);
      });

      for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
        it(`runs the command at once on ${signal}, while the window lives`, async () => {
          const guardian = start(long, shell);
          await watching(guardian.pid);
          process.kill(guardian.pid, signal);
          assert.equal(await ending(guardian), 0);
          assert.equal(tracesLeft().length, 1);
        });

        it(`runs the command at once on ${signal} during the grace, and leaves no sleep behind`, async () => {
          const guardian = start(long, shell);
          guardian.stdin.end();
          const sleep = await inGrace(guardian.pid);
          process.kill(guardian.pid, signal);
          assert.equal(await ending(guardian), 0);
          assert.equal(tracesLeft().length, 1);
          assert.equal(readProcess(sleep.pid), undefined);
        });
      }

      it('lets no further signal end the command', async () => {
        const gate = join(running.folder(), 'gate');
        execFileSync('mkfifo', [gate]);
        // Open in both directions, so that neither side ever waits for the other to open it.
        const gateEnd = openSync(gate, 'r+');
        running.atEnd(() => closeSync(gateEnd));
        const work = ['/bin/sh', '-c', 'echo begun >>"$1"; read -r _ <"$2"; echo done >>"$1"', 'sh', traces, gate];
        const guardian = start(long, shell, work);
        await watching(guardian.pid);
        process.kill(guardian.pid, 'SIGTERM');
        await until(() => tracesLeft().includes('begun'));
        for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) process.kill(guardian.pid, signal);
        writeSync(gateEnd, 'go\n');
        assert.equal(await ending(guardian), 0);
        assert.deepEqual(tracesLeft(), ['begun', 'done']);
      });

      it('runs the command once when the whole group gets the signal, as systemd sends it, and more than once', async () => {
        const guardian = start(long, shell);
        guardian.stdin.end();
        await inGrace(guardian.pid);
        for (let i = 0; i < 5; i++) process.kill(-guardian.pid, 'SIGTERM');
        assert.equal(await ending(guardian), 0);
        assert.equal(tracesLeft().length, 1);
      });
    });
  }

  it('is one small process that only waits, and keeps no folder and no terminal busy', async () => {
    const guardian = start(long);
    const { pid, argv } = await watching(guardian.pid);
    assert.deepEqual(children(pid), []);
    assert.equal(argv[0], '/bin/sh');
    const terminal = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[4];
    assert.equal(terminal, '0');
    const own = Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    assert.ok(own < 1024, `${own} kB`);
  });

  it('outlives the window that is killed together with its whole process group', async () => {
    const window = running.spawn(
      process.execPath,
      [
        '-e',
        `
      const guardian = require('node:child_process').spawn('/bin/sh', process.argv.slice(1), { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
      console.log(guardian.pid);
      setInterval(() => undefined, 1000);
    `,
        script,
        '0.05',
        ...leaveTrace(),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const pid = Number(await new Promise((resolve) => window.stdout?.once('data', resolve)));
    running.atEnd(() => process.kill(-pid, 'SIGKILL'));
    await watching(pid);
    process.kill(-window.pid, 'SIGKILL');
    assert.equal(await ending(window), 'SIGKILL');
    await until(() => !readProcess(pid));
    assert.deepEqual(tracesLeft(), [`released by ${pid} in /`]);
  });

  it('passes arguments on as they are', async () => {
    const guardian = running.spawn(
      '/bin/sh',
      [script, '0', '/bin/sh', '-c', 'printf "<%s>" "$@" >"$0"', traces, 'two words', '', '$HOME', '*'],
      { stdio: ['ignore', 'ignore', 'ignore'] },
    );
    assert.equal(await ending(guardian), 0);
    assert.deepEqual(tracesLeft(), ['<two words><><$HOME><*>']);
  });
});
