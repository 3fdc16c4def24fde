import assert from 'node:assert/strict';
import { seenCommand, type Knowledge } from '../../src/window/seenCommand.ts';
import { problem } from './site/sites.ts';

const sighting = { process: '11:1', portText: '3000', terminalHasPort: true, isOwn: true };
const knowledge: Knowledge = { memories: [], portVariable: 'PORT', assigned: 3001, problem: undefined };
const withoutPort = { ...sighting, portText: undefined };

describe('what a scan means to the window', () => {
  it('takes the port that the command sees, whatever the configuration assigns', () => {
    assert.deepEqual(seenCommand(sighting, knowledge), {
      process: '11:1',
      port: 3000,
      notified: false,
      declined: false,
    });
  });

  it('remembers that the student was told, and that this very process was taken down by hand', () => {
    const memories = [{ port: 3000, notified: true, declined: '11:1' }];
    const [same, other] = [sighting, { ...sighting, process: '12:1' }].map((one) =>
      seenCommand(one, { ...knowledge, memories }),
    );
    assert.deepEqual(same, { process: '11:1', port: 3000, notified: true, declined: true });
    assert.deepEqual(other, { process: '12:1', port: 3000, notified: true, declined: false });
  });

  it('gives the assigned port to a command in a terminal that was opened before the port was known', () => {
    const early = seenCommand({ ...withoutPort, terminalHasPort: false }, knowledge);
    assert.deepEqual(early, { process: '11:1', port: 3001, notified: false, declined: false });
  });

  it('gives no port to a command whose student took it away', () => {
    assert.deepEqual(seenCommand(withoutPort, knowledge), {
      process: '11:1',
      port: undefined,
      notified: false,
      declined: false,
    });
  });

  it('gives no port where the configuration assigns none', () => {
    const seen = seenCommand({ ...withoutPort, terminalHasPort: false }, { ...knowledge, assigned: null });
    assert.deepEqual(seen, { process: '11:1', port: undefined, notified: false, declined: false });
  });

  it('waits for the configuration where only that can tell the port, and says why it does not come', () => {
    const early = { ...withoutPort, terminalHasPort: false };
    assert.deepEqual(seenCommand(early, { ...knowledge, assigned: undefined }), {
      kind: 'noConfiguration',
      problem: undefined,
    });
    assert.deepEqual(seenCommand(early, { ...knowledge, assigned: undefined, problem }), {
      kind: 'noConfiguration',
      problem,
    });
  });

  it('does not publish what runs under another account', () => {
    assert.deepEqual(seenCommand({ ...sighting, isOwn: false }, knowledge), { kind: 'otherUser' });
  });
});
