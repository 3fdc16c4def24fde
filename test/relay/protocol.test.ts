import assert from 'node:assert/strict';
import { blockedLine, instructionLine, parseBlocked, parseInstruction } from '../../src/relay/protocol.ts';
import type { Target } from '../../src/relay/forward.ts';

describe('relay/protocol', () => {
  it('reads what it writes', () => {
    const targets: (Target | null)[] = [
      null,
      { port: 1, address: '127.0.0.1' },
      { port: 65_535, address: '::1', server: 'Vite', root: '/home/student1/app' },
    ];
    for (const target of targets) {
      const line = instructionLine(target);
      assert.match(line, /^[^\n]*\n$/);
      assert.deepEqual(parseInstruction(line), { target });
    }
  });

  it('refuses every address that is not loopback', () => {
    for (const address of ['localhost', 'example.com', '192.0.2', '192.0.2.2:80', '', null, undefined, 1])
      assert.equal(parseInstruction(JSON.stringify({ target: { port: 5173, address } })), undefined, String(address));
  });

  it('refuses every port outside of 1 to 65535', () => {
    for (const port of [0, -1, 65_536, 1.5, '5173', null, undefined])
      assert.equal(parseInstruction(JSON.stringify({ target: { port, address: '::1' } })), undefined, String(port));
  });

  it('leaves out the name of an unknown server', () => {
    const target = { port: 5173, address: '::1' };
    assert.deepEqual(parseInstruction(JSON.stringify({ target, server: 'Apache' })), { target });
  });

  it('leaves out a root that is no absolute path', () => {
    const target = { port: 5173, address: '::1' };
    for (const root of ['app', '', 1, null])
      assert.deepEqual(parseInstruction(JSON.stringify({ target: { ...target, root } })), { target });
  });

  it('reports a blocked request in one line of bounded length', () => {
    const line = blockedLine({ part: 'hiddenFiles', target: `/.env\n${'x'.repeat(10_000)}` });
    assert.match(line, /^[^\n]{1,300}\n$/);
    assert.equal(parseBlocked(line)?.target.length, 200);
    for (const other of ['', '{}', '{"blocked": null}', '{"blocked": {"part": "toString", "target": "/"}}'])
      assert.equal(parseBlocked(other), undefined, other);
  });

  it('ignores lines of another form', () => {
    for (const line of ['', 'not json', '1', 'null', '[]', '{}', '{"other": 1}'])
      assert.equal(parseInstruction(line), undefined, line);
  });
});
