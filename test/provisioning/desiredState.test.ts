import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DesiredStateContext } from '../../src/provisioning/desiredStateContext.ts';
import type { ProcessIdentity } from '../../src/provisioning/processIdentity.ts';
import { emptyState, type StoredState } from '../../src/provisioning/publications.ts';
import {
  self,
  context,
  site,
  publish,
  release,
  unpublish,
  collect,
  after,
  serve,
  holdersOf,
  wantsOf,
  answerTo,
} from './desiredStates.ts';

describe('desired state', () => {
  it('wants a new publication, and nothing when its holders change', () => {
    const first = serve([publish(1, 'a')]);
    assert.deepEqual(wantsOf(first), { student1: true });
    const claim = publish(1, 'b');
    const second = serve([claim], after(first));
    assert.deepEqual(
      [wantsOf(second), answerTo(second, claim)],
      [
        {},
        {
          kind: 'settled',
          outcome: { kind: 'published', hostname: 'student1.example.com', port: 3001, created: false, apiCalls: 0 },
        },
      ],
    );
    const third = serve([release(1, 'a')], after(second));
    assert.deepEqual([wantsOf(third), holdersOf(after(third))], [{}, { 'student1.example.com': ['b'] }]);
    const last = serve([release(1, 'b')], after(third));
    assert.deepEqual([wantsOf(last), last.publications.size], [{ student1: false }, 0]);
  });

  it('removes a publication with its last holder, however requests and rounds fall', () => {
    const student = fc.constantFrom(1, 2, 3);
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('publish' as const),
          student,
          holder: fc.constantFrom('a', 'b', 'c'),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('release' as const),
          student,
          holder: fc.constantFrom('a', 'b', 'c'),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('unpublish' as const), student, holder: fc.constant('') }),
      },
    );
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 8 }), (rounds) => {
        const model = new Map<string, Set<string>>();
        let state = emptyState;
        for (const steps of rounds) {
          const before = new Set(model.keys());
          const requests = steps.map((one) => {
            const hostname = site(one.student).hostname;
            if (one.kind === 'publish') model.set(hostname, (model.get(hostname) ?? new Set()).add(one.holder));
            else if (one.kind === 'unpublish') model.delete(hostname);
            else if (model.get(hostname)?.delete(one.holder) && model.get(hostname)?.size === 0) model.delete(hostname);
            return one.kind === 'publish'
              ? publish(one.student, one.holder)
              : one.kind === 'release'
                ? release(one.student, one.holder)
                : unpublish(one.student);
          });
          const desired = serve(requests, state);
          state = after(desired);
          assert.deepEqual(
            holdersOf(state),
            Object.fromEntries([...model].map(([hostname, holders]) => [hostname, [...holders].sort()])),
          );
          for (const hostname of new Set([...before, ...model.keys()])) {
            // Every publication that came or went is wanted in its new state.
            if (before.has(hostname) !== model.has(hostname))
              assert.equal(desired.wants.get(hostname)?.present, model.has(hostname));
          }
          for (const want of desired.wants.values()) assert.equal(want.present, model.has(want.hostname));
          assert.deepEqual(
            [...desired.answers.keys()].sort(),
            requests.map((one) => one.id).sort(),
            'everybody is answered',
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  it('drops holders whose process has died first, and keeps those that are not visible', () => {
    const [dead, hidden] = [
      { ...self, pid: 2 },
      { ...self, pid: 3 },
    ];
    const about: DesiredStateContext = { ...context, livenessOf: (process) => (process === dead ? 'dead' : 'unknown') };
    const holder = (id: string, process: ProcessIdentity) => ({ id, process });
    const state: StoredState = {
      unsettled: new Map(),
      idle: new Map(),
      publications: new Map([
        ['student1.example.com', { ...site(1), since: '', holders: [holder('a', dead)] }],
        ['student2.example.com', { ...site(2), since: '', holders: [holder('a', dead), holder('b', hidden)] }],
      ]),
    };
    const desired = serve([], state, about);
    assert.deepEqual(
      [wantsOf(desired), holdersOf(after(desired))],
      [{ student1: false }, { 'student2.example.com': ['b'] }],
    );
    const rescued = serve([publish(1, 'c')], state, about);
    assert.deepEqual(
      [wantsOf(rescued), holdersOf(after(rescued))['student1.example.com']],
      [{ student1: true }, ['c']],
    );
  });

  it('wants an unsettled site present if it has a holder, and absent otherwise', () => {
    const state: StoredState = {
      publications: after(serve([publish(1)])).publications,
      idle: new Map(),
      unsettled: new Map([site(1), site(2)].map((one) => [one.hostname, one])),
    };
    assert.deepEqual(wantsOf(serve([publish(3)], state)), { student1: true, student2: false, student3: true });
    assert.deepEqual(wantsOf(serve([publish(2)], state)), { student1: true, student2: true });
  });

  it('answers a repeated release with the removal that failed before', () => {
    const state: StoredState = {
      publications: new Map(),
      idle: new Map(),
      unsettled: new Map([
        [site(1).hostname, site(1)],
        [site(2).hostname, site(2)],
      ]),
    };
    const again = release(1);
    const desired = serve([again], state);
    assert.deepEqual(answerTo(desired, again), { kind: 'remove', sites: [site(1)] });
  });

  it('compares every publication when a former lock holder may have changed them', () => {
    const state = after(serve([publish(1), publish(2)]));
    const claim = publish(1, 'b');
    const desired = serve([claim], state, { ...context, verifyAll: true });
    assert.deepEqual(wantsOf(desired), { student1: true, student2: true });
    assert.equal(answerTo(desired, claim)?.kind, 'publish', 'it is answered after the comparison');
  });

  it('wants a live site again with --verify', () => {
    const state = after(serve([publish(1)]));
    assert.deepEqual(wantsOf(serve([publish(1, 'a', true)], state)), { student1: true });
  });

  it('compares everything in a collection, and drops recovered sites whose server is gone', () => {
    const found = (number: number) => [site(number).hostname, { ...site(number), since: '', holders: [] }] as const;
    const state: StoredState = {
      publications: new Map([...after(serve([publish(1)])).publications, found(2), found(3)]),
      unsettled: new Map(),
      idle: new Map(),
    };
    const desired = serve([collect()], state, { ...context, isListening: (port) => port === 3002 });
    assert.deepEqual(wantsOf(desired), { student1: true, student2: true, student3: false });
  });

  it('removes a recovered site without holders when its student releases any holder', () => {
    const state: StoredState = {
      publications: new Map([[site(1).hostname, { ...site(1), since: '', holders: [] }]]),
      unsettled: new Map(),
      idle: new Map(),
    };
    assert.deepEqual(wantsOf(serve([release(1, 'whoever')], state)), { student1: false });
    assert.deepEqual(wantsOf(serve([release(2, 'whoever')], state)), {});
  });
});
