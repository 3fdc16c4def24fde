import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isAchieved, makePlan, type DnsRecord, type Remote, type Scope } from '../../src/provisioning/plan.ts';
import { isEmpty } from '../../src/provisioning/transaction.ts';
import { apply, catchAll, recordOf, ruleOf, scope, students, want } from './planRemote.ts';

describe('plan, for any state of Cloudflare', () => {
  it('reaches the desired state, touches nothing foreign, and is empty the second time', () => {
    const kinds = [
      'nothing',
      'whole',
      'rule',
      'record',
      'other port',
      'other machine',
      'unmarked',
      'foreign rule',
    ] as const;
    const situation = fc.tuple(...students.map(() => fc.constantFrom(...kinds)));
    const wants = fc
      .uniqueArray(fc.constantFrom(...students), { minLength: 1 })
      .chain((numbers) => fc.tuple(...numbers.map((number) => fc.boolean().map((present) => want(number, present)))));
    fc.assert(
      fc.property(situation, wants, fc.boolean(), (situations, wanted, known) => {
        const remote = remoteOf(situations);
        const owned = new Set(
          known
            ? students
                .filter((_, index) => ['whole', 'rule', 'other port'].includes(situations[index] ?? ''))
                .map((number) => want(number).hostname)
            : [],
        );
        const about: Scope = { ...scope, owned };
        const plan = makePlan(remote, wanted, about);
        const after = apply(remote, plan);
        for (const one of wanted) {
          const isForeign =
            !one.present &&
            situations[students.findIndex((number) => want(number).hostname === one.hostname)] === 'foreign rule';
          if (isForeign) assert.ok(!plan.touched.has(one.hostname), 'a foreign rule is left');
          else if (!plan.refused.has(one.hostname) && !plan.foreign.has(one.hostname))
            assert.ok(isAchieved(one, after, about), one.hostname);
          else assert.ok(!plan.touched.has(one.hostname));
        }
        assert.deepEqual(changedNames(remote, after), [...plan.touched].sort());
        assert.ok(isEmpty(makePlan(after, wanted, about)));
        assert.ok(
          plan.remove.every(
            (record) =>
              record.comment?.includes('machine=server1') &&
              wanted.some((one) => !one.present && one.hostname === record.name),
          ),
        );
      }),
      { numRuns: 1000 },
    );
  });
});

function remoteOf(situations: readonly string[]): Remote {
  const ingress: { hostname: string; service: string }[] = [];
  const records: DnsRecord[] = [];
  for (const [index, kind] of situations.entries()) {
    const one = want(students[index] ?? 0);
    if (kind === 'whole' || kind === 'rule') ingress.push(ruleOf(one));
    if (kind === 'other port') ingress.push(ruleOf(want(students[index] ?? 0, true, 4000 + index)));
    if (kind === 'foreign rule') ingress.push({ hostname: one.hostname, service: 'http://10.0.0.1:80' });
    if (kind === 'whole' || kind === 'record' || kind === 'other port') records.push(recordOf(one));
    if (kind === 'other machine') records.push(recordOf({ ...one, machine: 'server2' }));
    if (kind === 'unmarked') records.push(recordOf(one, { comment: null }));
  }
  return { version: 1, config: { ingress: [...ingress, catchAll] }, records };
}

function changedNames(before: Remote, after: Remote): string[] {
  const picture = (remote: Remote, name: string) =>
    JSON.stringify([
      remote.config?.ingress?.filter((rule) => rule.hostname === name),
      remote.records.filter((record) => record.name === name).length,
    ]);
  const names = new Set([...before.records, ...after.records].map((record) => record.name));
  for (const rule of [...(before.config?.ingress ?? []), ...(after.config?.ingress ?? [])])
    if (rule.hostname) names.add(rule.hostname);
  return [...names].filter((name) => picture(before, name) !== picture(after, name)).sort();
}
