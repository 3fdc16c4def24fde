import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isOutcome, readEvent } from '../../../src/window/cli/events.ts';

describe("the command's events", () => {
  const info = {
    event: 'info',
    user: 'student1',
    machine: 'host',
    port: 3000,
    hostname: 'a.example.com',
    url: 'https://a.example.com',
    commands: ['npm run dev'],
    portVariable: 'PORT',
    socketFolder: '/state/sockets/1000',
    visibility: 'class',
    passphraseHash: 'scrypt:salt:hash',
    publication: { hostname: 'a.example.com', url: 'https://a.example.com', port: 3000 },
  };

  it('are read as the contract has them', () => {
    assert.deepEqual(readEvent(JSON.stringify(info)), info);
    assert.deepEqual(readEvent(JSON.stringify({ ...info, port: null, hostname: null, url: null, publication: null })), {
      ...info,
      port: null,
      hostname: null,
      url: null,
      publication: null,
    });
    assert.deepEqual(readEvent(JSON.stringify({ ...info, allowForVisitors: ['hiddenFiles', 'other', 7] })), {
      ...info,
      allowForVisitors: ['hiddenFiles'],
    });
    assert.deepEqual(readEvent('{"event":"queued","until":"2026-01-01T00:00:00Z","message":"wait"}'), {
      event: 'queued',
      until: '2026-01-01T00:00:00Z',
      message: 'wait',
    });
    assert.deepEqual(
      readEvent('{"event":"removed","hostname":null,"port":null,"removed":false,"message":"Nothing","apiCalls":0}'),
      { event: 'removed', removed: false, message: 'Nothing', apiCalls: 0 },
    );
  });

  it('name the ports for second sites only as two numbers', () => {
    const read = (extraPorts: unknown) => readEvent(JSON.stringify({ ...info, extraPorts }));
    assert.deepEqual(read([5000, 5099]), { ...info, extraPorts: [5000, 5099] });
    for (const wrong of [null, true, [5000], ['5000', '5099']]) assert.deepEqual(read(wrong), info);
  });

  it('know which of them is the last', () => {
    assert.deepEqual(
      ['{"event":"queued"}', '{"event":"locked"}', JSON.stringify(info)].map((line) =>
        isOutcome(readEvent(line) ?? { event: 'locked' }),
      ),
      [false, false, true],
    );
  });

  for (const line of [
    '',
    'text',
    '[]',
    'null',
    '{}',
    '{"event":1}',
    '{"event":"constructor"}',
    '{"event":"published"}',
    '{"event":"published","hostname":"a","url":"command:evil","port":1}',
  ]) {
    it(`does not believe ${line || 'an empty line'}`, () => assert.equal(readEvent(line), undefined));
  }

  it('never throws, whatever a line holds', () => {
    const name = fc.constantFrom('info', 'published', 'removed', 'error', 'queued', 'locked', 'toString');
    fc.assert(
      fc.property(
        name,
        fc.dictionary(
          fc.constantFrom('hostname', 'url', 'port', 'publication', 'commands', 'message', 'exitCode'),
          fc.jsonValue(),
        ),
        (event, fields) => {
          readEvent(JSON.stringify({ ...fields, event }));
        },
      ),
    );
  });
});
