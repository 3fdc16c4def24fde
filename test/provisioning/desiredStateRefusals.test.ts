import assert from 'node:assert/strict';
import { textOf } from '../../src/messages/texts.ts';
import { formatMarker, parseMarker } from '../../src/provisioning/marker.ts';
import { maxHolders } from '../../src/provisioning/publishRefusal.ts';
import { type StoredState } from '../../src/provisioning/publications.ts';
import {
  self,
  site,
  request,
  publish,
  release,
  after,
  serve,
  holdersOf,
  codeOf,
  siteOf,
  answerTo,
} from './desiredStates.ts';

describe('desired state, of requests that may not be served', () => {
  it("refuses another student's hostname or port, and names that student", () => {
    const state = after(serve([publish(1)]));
    const samePort = publish(2, 'a', false, 3001);
    const sameName = request({
      kind: 'publish',
      site: { ...site(1), user: 'student2', port: 3005 },
      holder: { id: 'a' },
      verify: false,
    });
    const desired = serve([samePort, sameName], state);
    const codes = [samePort, sameName]
      .map((one) => answerTo(desired, one))
      .map((answer) =>
        answer?.kind === 'settled' && answer.outcome.kind === 'error'
          ? [answer.outcome.error.code, answer.outcome.error.facts['owner'] ?? answer.outcome.error.facts['problem']]
          : undefined,
      );
    assert.deepEqual(codes, [
      ['port-held', 'student1'],
      ['hostname-taken', textOf('{owner} holds it', { owner: 'student1' })],
    ]);
    assert.deepEqual(holdersOf(after(desired)), holdersOf(state));
  });

  it('refuses more sites of one user than the configuration allows, but not more ports of one site', () => {
    const sites = [1, 2, 3].map((number) =>
      request({ kind: 'publish', site: siteOf(number), holder: { id: 'a' }, verify: false }),
    );
    const state = after(serve(sites));
    assert.equal(state.publications.size, 3);
    const fourth = request({ kind: 'publish', site: siteOf(4), holder: { id: 'a' }, verify: false });
    assert.equal(codeOf(serve([fourth], state), fourth), 'limit-reached');
    const moved = request({ kind: 'publish', site: { ...siteOf(3), port: 3009 }, holder: { id: 'a' }, verify: false });
    assert.equal(codeOf(serve([moved], state), moved), undefined);
    assert.equal(codeOf(serve([release(1), fourth], state), fourth), 'limit-reached', 'another user released');
  });

  it('refuses another holder of a site that has many, but not one that holds it already', () => {
    const state = after(serve(Array.from({ length: maxHolders }, (_, index) => publish(1, `holder-${index}`))));
    const [more, again] = [publish(1, 'one more'), publish(1, 'holder-3')];
    const desired = serve([more, again], state);
    assert.deepEqual([codeOf(desired, more), codeOf(desired, again)], ['limit-reached', undefined]);
  });

  for (const pid of [0, -1, 1.5, 4_194_305, 2 ** 32 + 1]) {
    it(`refuses a holder with the process id ${pid}, which no process can have`, () => {
      const holder = { id: 'a', process: { ...self, pid } };
      const asked = request({ kind: 'publish', site: site(1), holder, verify: false });
      const desired = serve([asked]);
      assert.deepEqual([codeOf(desired, asked), desired.publications.size], ['usage', 0]);
    });
  }

  it('serves a user whose publication was recovered under the name that its marker holds', () => {
    const recovered = { ...site(1), user: parseMarker(formatMarker({ ...site(1), user: 'max@school' }))?.user ?? '' };
    const state: StoredState = {
      publications: new Map([[recovered.hostname, { ...recovered, since: '', holders: [] }]]),
      unsettled: new Map(),
      idle: new Map(),
    };
    const own = request({
      kind: 'publish',
      site: { ...site(1), user: 'max@school' },
      holder: { id: 'a' },
      verify: false,
    });
    const other = request({
      kind: 'publish',
      site: { ...site(1), user: 'max_school' },
      holder: { id: 'a' },
      verify: false,
    });
    assert.equal(codeOf(serve([own], state), own), undefined);
    assert.equal(codeOf(serve([other], state), other), 'hostname-taken');
    const leave = request({ kind: 'release', user: 'max@school', holder: 'a' });
    assert.equal(serve([leave], state).publications.size, 0);
  });
});
