// Mutants of the relay and of the command: which server a relay speaks to, and whom the command believes.

const protocol = 'test/relay/protocol.test.ts';
const listeners = 'test/shell/listeners.test.ts';
const sudo = 'test/cli/sudo.test.ts';

/** @type {readonly import('../mutants.mjs').Mutant[]} */
export const mutants = [
  {
    file: 'src/relay/ownServerAgent.ts',
    before: 'if (!this.#isOwnNow(port, address)) {',
    after: 'if (port === 0) {',
    tests: ['test/relay/relay.test.ts'],
    why: "the relay connects to another user's server before it asks whose it is",
  },
  {
    file: 'src/relay/ownServerAgent.ts',
    before: '} else if (this.#isOwnNow(port, address)) {',
    after: '} else if (port > 0) {',
    tests: ['test/relay/relay.test.ts'],
    why: "the relay writes to another user's server that took the port in between",
  },
  {
    file: 'src/shell/listeners.ts',
    before: 'return answering !== undefined && owners.get(answering) === uid;',
    after: 'return answering !== undefined;',
    tests: [listeners],
    why: "another user's listener on all addresses counts as one's own",
  },
  {
    file: 'src/shell/listeners.ts',
    before: 'if (row.hex === exact) return row.uid === uid;',
    after: '',
    tests: [listeners],
    why: 'a less specific listener than the one that accepts is asked',
  },
  {
    file: 'src/shell/listeners.ts',
    before: 'if (state !== listen) return;',
    after: 'if (state !== listen) continue;',
    tests: [listeners],
    why: 'each check walks through every open connection of the machine',
  },
  {
    file: 'src/relay/protocol.ts',
    before: "if (address !== '127.0.0.1' && address !== '::1') return undefined;",
    after: "if (typeof address !== 'string') return undefined;",
    tests: [protocol],
    why: 'a relay accepts a target that is not on this machine',
  },
  {
    file: 'src/relay/protocol.ts',
    before: ' || port > 65_535',
    after: '',
    tests: [protocol],
    why: 'a relay accepts a port that does not exist',
  },
  {
    file: 'src/cli/session.ts',
    before: '(mode & 0o022) !== 0',
    after: '(mode & 0o002) !== 0',
    tests: [sudo],
    why: 'a configuration that its group may write is trusted under sudo',
  },
  {
    file: 'src/cli/session.ts',
    before: 'if (isGuest && (!isOwn || (mode',
    after: 'if (isGuest && ((mode',
    tests: [sudo],
    why: "a student's own configuration is trusted under sudo",
  },
];
