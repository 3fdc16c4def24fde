// Mutants of what changes Cloudflare: the lock, the plan, the queue and the rate limit.

const lock = 'test/provisioning/lock.test.ts';
const plan = ['test/provisioning/plan.test.ts', 'test/provisioning/planProperty.test.ts'];
const rateLimit = 'test/provisioning/rateLimit.test.ts';
const transaction = 'test/provisioning/transaction.test.ts';

/** @type {readonly import('../mutants.mjs').Mutant[]} */
export const mutants = [
  {
    file: 'src/provisioning/lock.ts',
    before: "=== 'dead';",
    after: "!== 'alive';",
    tests: [lock],
    why: 'a lock is taken from a process that only cannot be seen from here',
  },
  {
    file: 'src/provisioning/lock.ts',
    before: '      fs.unlinkSync(this.#ownerFile);',
    after: '      fs.rmSync(this.#held, { recursive: true });',
    tests: [lock],
    why: 'a process that lost the lock removes the lock of the next owner',
  },
  {
    file: 'src/provisioning/lock.ts',
    before: 'if (!fs.existsSync(this.#ownerFile)) throw this.lostError();',
    after: '',
    tests: [lock],
    why: 'a process that lost the lock goes on writing',
  },
  {
    file: 'src/provisioning/lock.ts',
    before: 'renewed + stale < now',
    after: 'renewed < now',
    tests: [lock],
    why: 'the lock of a living process looks abandoned at once',
  },
  {
    file: 'src/provisioning/lock.ts',
    before: "['ENOTEMPTY', 'EEXIST'].includes(",
    after: "['EEXIST'].includes(",
    tests: [lock],
    why: 'of two that take over a stale lock, one stops with an error',
  },
  {
    file: 'src/provisioning/planView.ts',
    before: '      record.content === recordTarget(this.#scope.tunnelId) &&\n',
    after: '',
    tests: plan,
    why: 'a record that leads to another tunnel is deleted',
  },
  {
    file: 'src/provisioning/planView.ts',
    before: "      record?.type === 'CNAME' &&\n      record",
    after: '      record !== undefined &&\n      record',
    tests: plan,
    why: 'a record of another type is deleted',
  },
  {
    file: 'src/provisioning/planView.ts',
    before: ' &&\n      isMarkedBy(record.comment, want);',
    after: ';',
    tests: plan,
    why: "another user's record is deleted",
  },
  {
    file: 'src/provisioning/planView.ts',
    before: 'if (marker && !this.ownRecord(want) && !this.idleRecordOfOther(want)) {',
    after: "if (marker && service === '') {",
    tests: plan,
    why: 'a hostname that another user holds is taken over',
  },
  {
    file: 'src/provisioning/plan.ts',
    before: 'if (view.isOurs(want)) edit.remove.add(hostname);',
    after: 'edit.remove.add(hostname);',
    tests: plan,
    why: 'a rule made in the dashboard is dropped',
  },
  {
    file: 'src/provisioning/marker.ts',
    before: '.slice(0, limit - start.length)',
    after: '',
    tests: ['test/provisioning/marker.test.ts'],
    why: 'a marker is longer than a comment may be',
  },
  {
    file: 'src/provisioning/rateLimit.ts',
    before: 'most: 500',
    after: 'most: 100_000',
    tests: [rateLimit],
    why: "our calls reach Cloudflare's limit, which blocks the token",
  },
  {
    file: 'src/provisioning/rateLimit.ts',
    before: '(state?.until ?? 0) - now, ',
    after: '',
    tests: [rateLimit],
    why: 'calls go on while Cloudflare blocks the token',
  },
  {
    file: 'src/provisioning/rateLimit.ts',
    before: 'calls: callsLeft(now, state) - calls, at: now, until: state?.until ?? 0',
    after: 'calls: callsLeft(now, state) - calls, at: now, until: 0',
    tests: [rateLimit],
    why: 'a call that is counted ends the pause',
  },
  {
    file: 'src/provisioning/rateLimit.ts',
    before: 'if (!state || state.at > now) return rateLimits.most;',
    after: 'if (!state || state.at > now) return 0;',
    tests: [rateLimit],
    why: 'the first calls meet an empty bucket',
  },
  {
    file: 'src/provisioning/transaction.ts',
    before: '  context.checkLock();\n',
    after: '',
    tests: [transaction],
    why: 'the configuration is written without the lock',
  },
  {
    file: 'src/provisioning/recordBatches.ts',
    before: '  context.checkLock();\n',
    after: '',
    tests: [transaction],
    why: 'the records are written without the lock',
  },
  {
    file: 'src/provisioning/queue.ts',
    before: '.catch(ignoreWithdrawn);',
    after: '.catch(() => undefined);',
    tests: ['test/provisioning/queue.test.ts'],
    why: 'an answer that cannot be written is lost without a word',
  },
  {
    file: 'src/provisioning/publications.ts',
    before: ', { durable: true });',
    after: ');',
    tests: ['test/provisioning/durable.test.ts'],
    why: 'a power failure loses what was about to be changed',
  },
  {
    file: 'src/provisioning/controls.ts',
    before: 'if (sockets.some((inode) => stop.sockets.includes(inode))) return false;',
    after: '',
    tests: ['test/provisioning/controls.test.ts'],
    why: 'a student publishes a stopped server again by naming a younger process',
  },
];
