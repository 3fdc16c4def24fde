import assert from 'node:assert/strict';
import { commandFile } from '../fixtures/provisioning/bundles.ts';
import { closeAll, startClassroom, type Classroom } from '../fixtures/provisioning/classroom.ts';
import { assertLive } from '../fixtures/provisioning/remote.ts';
import { ending, Running } from '../fixtures/shell/running.ts';

describe('command: confirmation at a terminal', function () {
  this.timeout(60_000);
  const running = new Running();
  afterEach(async () => {
    running.end();
    await closeAll();
  });

  /** Runs a command at a terminal of its own, and types the answer when the question is there. */
  async function answer(
    { configFile }: Classroom,
    words: string,
    question: RegExp,
    key: string,
  ): Promise<{ code: number | string; shown: string }> {
    const command = `stty cols 200 rows 50; exec '${process.execPath}' '${commandFile()}' ${words}`;
    const terminal = running.spawn('script', ['-qec', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'], TERM: 'xterm', SHELL: '/bin/sh', CLASSROOM_TUNNEL_CONFIG: configFile },
    });
    let shown = '';
    let isAnswered = false;
    terminal.stdout?.on('data', (data: Buffer) => {
      shown += data.toString();
      if (isAnswered || !question.test(shown)) return;
      isAnswered = true;
      terminal.stdin?.write(key);
    });
    const code = await ending(terminal);
    assert.ok(isAnswered, shown);
    return { code, shown };
  }

  it('changes nothing after a no, and stops everyone after a yes', async () => {
    const classroom = await startClassroom();
    await classroom.done(['publish', '-p', '3001']);
    const uninstalled = await answer(classroom, 'uninstall', /Remove all of this/, 'n');
    assert.equal(uninstalled.code, 1, uninstalled.shown);
    assert.match(uninstalled.shown, /nothing was removed/);
    assert.equal((await answer(classroom, 'stop --all', /every student/, 'n')).code, 1);
    assertLive(classroom.standIn, ['student1']);
    const stopped = await answer(classroom, 'stop --all', /every student/, 'y');
    assert.equal(stopped.code, 0, stopped.shown);
    assert.match(stopped.shown, /Stopped student1\.example\.com/);
    assertLive(classroom.standIn, []);
  });
});
