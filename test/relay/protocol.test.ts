import assert from 'node:assert/strict';
import { instructionLine, parseInstruction } from '../../src/relay/protocol.ts';
import type { Target } from '../../src/relay/forward.ts';

describe('relay/protocol', () => {
  it('reads what it writes', () => {
    const targets: (Target | null)[] = [
      null,
      { port: 1, address: '127.0.0.1' },
      { port: 65_535, address: '::1', server: 'Vite' },
    ];
    for (const target of targets) {
      const line = instructionLine(target);
      assert.match(line, /^[^\n]*\n$/);
      assert.deepEqual(parseInstruction(line), { target });
    }
  });

  it('refuses every address that is not loopback', () => {
    for (const address of ['192.0.2.2', '0.0.0.0', '::', 'localhost', '127.0.0.2', '', null, undefined, 1])
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

  it('ignores lines of another form', () => {
    for (const line of ['', 'not json', '1', 'null', '[]', '{}', '{"other": 1}'])
      assert.equal(parseInstruction(line), undefined, line);
  });
});
