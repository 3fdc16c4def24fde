import assert from 'node:assert/strict';
import fc from 'fast-check';
import { resourceStep, type Found, type Owner, type Place, type Resource } from '../../src/cli/setup/resources.ts';
import { planSteps, runSteps, type Step } from '../../src/cli/setup/steps.ts';

/** Resources in memory, by name. */
class Memory implements Place {
  readonly #things: Map<string, Found>;
  constructor(resources: readonly Resource[]) {
    this.#things = new Map(resources.map((resource) => [keyOf(resource), this.#found(resource)]));
  }
  get content() {
    return [...this.#things].sort(([one], [other]) => one.localeCompare(other));
  }
  look(resource: Resource): Found | undefined {
    return this.#things.get(keyOf(resource));
  }
  idsOf({ user, group }: Owner) {
    return { uid: Number(user), gid: Number(group) };
  }
  put(resource: Resource): () => void {
    const [key, before] = [keyOf(resource), this.look(resource)];
    this.#things.set(key, { ...before, ...this.#found(resource) });
    return () => {
      if (before) this.#things.set(key, before);
      else this.#things.delete(key);
    };
  }
  #found(resource: Resource): Found {
    if (resource.kind !== 'file' && resource.kind !== 'folder') return {};
    const { mode, owner = { user: 0, group: 0 } } = resource;
    return { mode, ...this.idsOf(owner), ...(resource.kind === 'file' ? { text: resource.text } : {}) };
  }
}

const keyOf = (resource: Resource): string =>
  'path' in resource ? resource.path : 'name' in resource ? `${resource.kind} ${resource.name}` : resource.user;

const name = fc.constantFrom('a', 'b', 'c');
const mode = fc.constantFrom(0o600, 0o644);
const owner = fc.record({ user: fc.nat(2), group: fc.nat(2) });
const resource: fc.Arbitrary<Resource> = fc.oneof(
  fc.record({ kind: fc.constant('group' as const), name }),
  fc.record({ kind: fc.constant('member' as const), user: name, group: name }),
  fc.record({ kind: fc.constant('folder' as const), path: name.map((one) => `/folder/${one}`), mode, owner }),
  fc.record({ kind: fc.constant('file' as const), path: name.map((one) => `/file/${one}`), mode, owner, text: name }),
);
const resources = fc.uniqueArray(resource, { selector: keyOf });
const steps = fc.array(resources, { maxLength: 4 });

const stepsOf = (wanted: readonly Resource[][], place: Place): Step[] =>
  wanted.map((list, index) => resourceStep(`step ${index}`, () => list, place));

/** Everything at once: two steps never want the same thing in two ways. */
const distinct = (lists: readonly Resource[][]): Resource[][] => {
  const seen = new Set<string>();
  return lists.map((list) =>
    list.filter((one) => {
      const isNew = !seen.has(keyOf(one));
      seen.add(keyOf(one));
      return isNew;
    }),
  );
};

describe('the steps of a set-up', () => {
  it('plan nothing when they are done, and change nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(resources, steps, async (before, wanted) => {
        const place = new Memory(before);
        const all = stepsOf(distinct(wanted), place);
        await runSteps(planSteps(all), () => undefined);
        assert.deepEqual(planSteps(all), []);
        const touched = new Set(wanted.flat().map(keyOf));
        const others = new Memory(before).content.filter(([key]) => !touched.has(key));
        assert.deepEqual(
          place.content.filter(([key]) => !touched.has(key)),
          others,
        );
      }),
    );
  });

  it('restore everything when one of them fails', async () => {
    await fc.assert(
      fc.asyncProperty(resources, steps, fc.boolean(), async (before, wanted, isLate) => {
        const place = new Memory(before);
        const problem = new Error('refused');
        const failing: Step = {
          title: 'failing',
          plan: () => ['fail'],
          apply: () => (isLate ? Promise.resolve() : Promise.reject(problem)),
          verify: () => Promise.reject(problem),
          undo: () => Promise.reject(new Error('this undo fails too')),
        };
        const planned = planSteps([...stepsOf(distinct(wanted), place), failing]);
        await assert.rejects(
          runSteps(planned, () => undefined),
          (error) => error === problem && problem.cause instanceof AggregateError,
        );
        assert.deepEqual(place.content, new Memory(before).content);
        delete (problem as { cause?: unknown }).cause;
      }),
    );
  });

  it('change nothing while they are planned', () => {
    fc.assert(
      fc.property(resources, steps, (before, wanted) => {
        const place = new Memory(before);
        planSteps(stepsOf(wanted, place));
        assert.deepEqual(place.content, new Memory(before).content);
      }),
    );
  });

  it('name the step whose result is not as wanted', async () => {
    const step: Step = {
      title: 'Connector',
      plan: () => ['start it'],
      apply: () => Promise.resolve(),
      verify: () => Promise.resolve('it does not run'),
      undo: () => Promise.resolve(),
    };
    await assert.rejects(
      runSteps(planSteps([step]), () => undefined),
      /Connector: it does not run/,
    );
  });
});
