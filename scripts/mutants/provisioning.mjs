// Mutants of what changes Cloudflare: the lock, the plan, the queue and the rate limit.

const lock = 'test/provisioning/lock.test.ts';
const plan = 'test/provisioning/plan.test.ts';

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
    before: 'const owner = this.owns ? this.token : this.staleOwner;',
    after: 'const owner = ownerOf(this.path);',
    tests: [lock],
    why: 'a process that lost the lock removes the lock of the next owner',
  },
  {
    file: 'src/provisioning/lock.ts',
    before: 'if (!fs.existsSync(join(this.path, this.token))) throw this.lostError();',
    after: '',
    tests: [lock],
    why: 'a process that lost the lock goes on writing',
  },
  {
    file: 'src/provisioning/lock.ts',
    before: 'renewed > 0 && renewed + stale < now',
    after: 'renewed > 0 && renewed < now',
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
    file: 'src/provisioning/plan.ts',
    before: '      record.content === recordTarget(this.scope.tunnelId) &&\n',
    after: '',
    tests: [plan],
    why: 'a record that leads to another tunnel is deleted',
  },
  {
    file: 'src/provisioning/plan.ts',
    before: "return record?.type === 'CNAME' &&\n",
    after: 'return record &&\n',
    tests: [plan],
    why: 'a record of another type is deleted',
  },
  {
    file: 'src/provisioning/plan.ts',
    before: ' &&\n      isMarkedBy(record.comment, want)',
    after: '',
    tests: [plan],
    why: "another user's record is deleted",
  },
  {
    file: 'src/provisioning/plan.ts',
    before: 'if (view.isOurs(want)) drop.add(want.hostname);',
    after: 'drop.add(want.hostname);',
    tests: [plan],
    why: 'a rule made in the dashboard is dropped',
  },
  {
    file: 'src/provisioning/plan.ts',
    before: 'if (holder && !this.ownRecord(want)) {',
    after: 'if (!holder && !this.ownRecord(want) && rule === null) {',
    tests: [plan],
    why: 'a hostname that another user holds is taken over',
  },
  {
    file: 'src/provisioning/plan.ts',
    before: 'if (!rule.hostname || rule.path) continue;',
    after: 'if (!rule.hostname) continue;',
    tests: [plan],
    why: 'a rule for one path counts as the rule of the whole hostname',
  },
  {
    file: 'src/provisioning/marker.ts',
    before: '.slice(0, limit - start.length)',
    after: '',
    tests: ['test/provisioning/marker.test.ts'],
    why: 'a marker is longer than a comment may be',
  },
  {
    file: 'src/provisioning/marker.ts',
    before: '.slice(0, 40)',
    after: '',
    tests: ['test/provisioning/marker.test.ts'],
    why: 'a long user name leaves no room for the machine',
  },
];
