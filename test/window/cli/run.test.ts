import assert from 'node:assert/strict';
import { existsSync, readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CliEvent } from '../../../src/window/cli/events.ts';
import { runCommand, type RunOptions } from '../../../src/window/cli/run.ts';

describe('the command as a child process', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'window-command-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs a program of these lines in place of the command. */
  function run(program: string, options: RunOptions = {}, args = ['publish', '-p', '3000']) {
    const file = join(folder, 'cli.cjs');
    writeFileSync(file, program);
    return runCommand({ words: [process.execPath, file], env: process.env }, args, options);
  }

  /** The text of a file, as soon as it has any. */
  async function textOf(file: string): Promise<string> {
    for (;;) {
      const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
      if (text !== '') return text;
      await new Promise(setImmediate);
    }
  }

  const print = (...events: object[]): string =>
    events.map((event) => `console.log(${JSON.stringify(JSON.stringify(event))});`).join('\n');
  const published = {
    event: 'published',
    hostname: 'a.example.com',
    url: 'https://a.example.com',
    port: 3000,
    created: true,
    apiCalls: 4,
  };

  it('reads one event a line: what is on the way, then the outcome', async () => {
    const seen: CliEvent[] = [];
    const outcome = await run(print({ event: 'queued' }, { event: 'locked' }, published), {
      onEvent: (event) => seen.push(event),
    });
    assert.deepEqual(seen, [{ event: 'queued' }, { event: 'locked' }]);
    assert.deepEqual(outcome, published);
  });

  it('answers as soon as the command has, though it goes on to serve others', async () => {
    const outcome = await run(
      `${print(published)} require('fs').writeFileSync(__filename + '.pid', String(process.pid)); setInterval(() => {}, 1e6)`,
    );
    assert.deepEqual(outcome, published);
    process.kill(Number(await textOf(join(folder, 'cli.cjs.pid'))));
  });

  it('is called with its arguments and --json', async () => {
    const outcome = await run(
      'console.log(JSON.stringify({ event: "removed", removed: true, message: process.argv.slice(2).join(" ") }))',
      {},
      ['release', '--holder', 'w'],
    );
    assert.equal('message' in outcome && outcome.message, 'release --holder w --json');
  });

  it('passes on what the command says to people', async () => {
    const lines: string[] = [];
    await run(`console.error('a warning'); console.log('not an event'); ${print(published)}`, {
      onText: (line) => lines.push(line),
    });
    assert.deepEqual(lines.sort(), ['a warning', 'not an event']);
  });

  it('hands on an error with its title, message and action', async () => {
    const error = {
      event: 'error',
      code: 'busy',
      title: 'Busy',
      message: 'Another change.',
      action: 'Wait.',
      exitCode: 75,
      retryAfterSeconds: 30,
    };
    assert.deepEqual(await run(`${print(error)}; process.exitCode = 75`), error);
  });

  it('is an error event too when there is no answer', async () => {
    const outcome = await run("console.error('it broke'); process.exitCode = 3");
    assert.equal(outcome.event === 'error' && outcome.code, 'no-answer');
    assert.match('message' in outcome ? outcome.message : '', /ended with code 3.*it broke/);
  });

  it('is an error event too when the command cannot be started', async () => {
    const outcome = await runCommand({ words: [join(folder, 'nowhere')], env: process.env }, ['info']);
    assert.match(outcome.event === 'error' ? outcome.message : '', /ENOENT/);
  });

  it('is an error event too when no program can be called so', async () => {
    for (const words of [[], ['a\0b'], [process.execPath, 'x'.repeat(200_000)]]) {
      assert.equal((await runCommand({ words, env: process.env }, ['info'])).event, 'error');
    }
  });

  it('ends a command that says nothing for too long', async () => {
    const outcome = await run('process.stdin.resume(); setInterval(() => {}, 1e6)', { silenceSeconds: 0.3 });
    assert.match(outcome.event === 'error' ? outcome.message : '', /SIGTERM/);
  });
});
