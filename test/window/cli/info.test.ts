import assert from 'node:assert/strict';
import { InfoCache } from '../../../src/window/cli/info.ts';
import type { CliError, CliOutcome, Info } from '../../../src/window/cli/events.ts';
import { publication } from '../site/sites.ts';

const info: Info = {
  event: 'info',
  user: 'student1',
  machine: 'server1',
  port: 3000,
  hostname: publication.hostname,
  url: publication.url,
  commands: ['npm start'],
  portVariable: 'MY_PORT',
  socketFolder: null,
  visibility: 'public',
  publication: null,
};
const error: CliError = {
  event: 'error',
  code: 'config-missing',
  title: 'No configuration',
  message: 'It is not there.',
  action: 'Ask your teacher.',
  exitCode: 78,
};

describe('what the window knows of the configuration', () => {
  let stored: Info | undefined;
  let outcome: CliOutcome;
  let calls: (readonly string[])[];
  let logged: string[];
  beforeEach(() => {
    [stored, outcome, calls, logged] = [undefined, info, [], []];
  });
  const cache = (): InfoCache =>
    new InfoCache(
      (args) => {
        calls.push(args);
        return Promise.resolve(outcome);
      },
      { get: () => stored, set: (next) => (stored = next) },
      (message) => logged.push(message),
    );

  it('is the default until the command has answered', () => {
    assert.deepEqual(cache().watched, { commands: ['npm run dev', 'npm start'], portVariable: 'PORT' });
    assert.equal(cache().current, undefined);
  });

  it('is what the last window knew when one is stored', () => {
    stored = info;
    assert.deepEqual(cache().watched, { commands: ['npm start'], portVariable: 'MY_PORT' });
  });

  it('is stored for the next window when the command answers', async () => {
    const known = cache();
    await known.refresh();
    assert.deepEqual([calls, known.current, stored], [[['info']], info, info]);
  });

  it('stays when the command fails, which the log says', async () => {
    stored = info;
    outcome = error;
    const known = cache();
    await known.refresh();
    assert.deepEqual([known.current, stored], [info, info]);
    assert.deepEqual(logged, ['No configuration. It is not there. Ask your teacher.']);
  });

  it('says that a port is published only when the command names that port', async () => {
    for (const [answer, expected] of [
      [{ ...info, publication }, true],
      [{ ...info, publication: { ...publication, port: 3001 } }, false],
      [info, false],
      [error, false],
    ] as const) {
      outcome = answer;
      assert.equal(await cache().isPublished(3000), expected);
    }
    assert.deepEqual(calls[0], ['info', '-p', '3000']);
  });
});
