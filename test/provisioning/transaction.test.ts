import assert from 'node:assert/strict';
import { FixableError } from '../../src/provisioning/errors.ts';
import type { Remote, Scope, Want } from '../../src/provisioning/plan.ts';
import { transact, type TransactionContext } from '../../src/provisioning/transaction.ts';

const want: Want = {
  hostname: 'student1.example.com',
  user: 'student1',
  port: 3000,
  machine: 'server1',
  service: 'http://localhost:3000',
  present: true,
};
const scope: Scope = { tunnelId: 'tunnel-1', dns: 'perHost', owned: new Set() };
const nothing: Remote = { version: 1, config: { ingress: [{ service: 'http_status:404' }] }, records: [] };

/** A transaction that loses its lock at a given step, and records its steps. */
class LosingContext implements TransactionContext {
  readonly steps: string[] = [];
  private isLost = false;

  constructor(
    private readonly lostAt: 'intend' | 'keep' | 'never',
    readonly scope: Scope,
  ) {}

  readonly cloudflare = {
    readConfiguration: () => Promise.resolve(nothing),
    listRecords: () => Promise.resolve([]),
    findRecords: () => Promise.resolve([]),
    readRecordUsage: () => Promise.resolve({ used: 0, quota: undefined }),
    writeConfiguration: () => {
      this.steps.push('writes the configuration');
      return Promise.resolve(2);
    },
    changeRecords: () => {
      this.steps.push('writes the records');
      return Promise.resolve([]);
    },
  };
  checkLock = (): void => {
    if (this.isLost) throw new FixableError('lock-lost', { file: 'lock' });
  };
  intend = (): Promise<void> => this.make('intend');
  keep = (): Promise<void> => this.make('keep');
  log = (): undefined => undefined;

  private make(step: 'intend' | 'keep'): Promise<void> {
    this.steps.push(step);
    this.isLost ||= step === this.lostAt;
    return Promise.resolve();
  }
}

describe('a transaction', () => {
  it('writes down what it is about to change before it writes to Cloudflare', async () => {
    const context = new LosingContext('never', scope);
    assert.deepEqual((await transact(context, [want], nothing)).failed, new Map());
    assert.deepEqual(context.steps, ['intend', 'keep', 'writes the records', 'writes the configuration']);
  });

  for (const [what, dns, lostAt] of [
    ['neither the configuration nor the records', 'perHost', 'intend'],
    ['no configuration', 'wildcard', 'intend'],
    ['no configuration after it has kept a copy of the old one', 'wildcard', 'keep'],
  ] as const) {
    it(`writes ${what} when the lock is lost`, async () => {
      const context = new LosingContext(lostAt, { ...scope, dns });
      const { failed } = await transact(context, [want], nothing);
      assert.deepEqual(
        context.steps.filter((step) => step.startsWith('writes')),
        [],
      );
      assert.equal(failed.get(want.hostname)?.code, 'lock-lost');
    });
  }
});
