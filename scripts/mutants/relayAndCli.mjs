// Mutants of the relay and of the command: which server a relay speaks to, and whom the command believes.

const protocol = 'test/relay/protocol.test.ts';
const listeners = 'test/shell/listeners.test.ts';
const caller = 'test/cli/caller.test.ts';

/** @type {readonly import('../mutants.mjs').Mutant[]} */
export const mutants = [
  {
    file: 'src/relay/accessCookie.ts',
    before: '.update(JSON.stringify([site.hostname, expiry, hash]))',
    after: '.update(JSON.stringify([expiry, hash]))',
    tests: ['test/relay/accessControl.test.ts'],
    why: "a visitor of one site of a student gets into another with the first one's cookie",
  },
  {
    file: 'src/relay/relay.ts',
    before: "else if (!access.admits(request.headers)) rejectUpgrade(socket, '401 Unauthorized');",
    after: '',
    tests: ['test/relay/accessControl.test.ts'],
    why: 'WebSockets of a private site are open to everyone',
  },
  {
    file: 'src/relay/ownServerAgent.ts',
    before: 'if (!this.#isOwnNow(port, address)) {',
    after: 'if (port === 0) {',
    tests: ['test/relay/access.test.ts'],
    why: "the relay connects to another user's server before it asks whose it is",
  },
  {
    file: 'src/relay/ownServerAgent.ts',
    before: '} else if (this.#isOwnNow(port, address)) {',
    after: '} else if (port > 0) {',
    tests: ['test/relay/access.test.ts'],
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
    file: 'src/relay/sniffPort.ts',
    before: "return result === 'http' && (await isDebugger(target, signal)) ? 'debugger' : result;",
    after: 'return result;',
    tests: ['test/relay/target.test.ts'],
    why: "visitors reach a debugger, which runs programs in the student's account",
  },
  {
    file: 'src/relay/protocol.ts',
    before: "if (typeof address !== 'string' || isIP(address) === 0) return undefined;",
    after: "if (typeof address !== 'string') return undefined;",
    tests: [protocol],
    why: 'a relay accepts a target that has to be looked up in the DNS',
  },
  {
    file: 'src/relay/protocol.ts',
    before: ' || port > 65_535',
    after: '',
    tests: [protocol],
    why: 'a relay accepts a port that does not exist',
  },
  {
    file: 'src/cli/caller.ts',
    before: 'if (peer !== undefined) return',
    after: 'if (peer === -1) return',
    tests: [caller],
    why: 'the service works for its own account instead of for its peer',
  },
  {
    file: 'src/cli/caller.ts',
    before: "if (origin === '' || uid === 0",
    after: "if (origin !== '' || uid === 0",
    tests: [caller],
    why: 'a student who comes through the old sudo rule is taken for the service account',
  },
  {
    file: 'src/cli/service/connection.ts',
    before: 'if (this.#socket.writableLength > limits.unreadBytes)',
    after: 'if (this.#socket.writableLength < 0)',
    tests: ['test/cli/connection.test.ts'],
    why: 'the output for a caller who does not read fills the memory',
  },
  {
    file: 'src/cli/program.ts',
    before: 'if (context.peer === undefined) addLocalCommands',
    after: 'addLocalCommands',
    tests: ['test/cli/service.test.ts'],
    why: 'the service runs setup and serve for a caller',
  },
];
