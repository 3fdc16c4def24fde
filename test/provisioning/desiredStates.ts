// Requests and states for the tests of the desired state.
import { desiredState, type DesiredState } from '../../src/provisioning/desiredState.ts';
import type { DesiredStateContext } from '../../src/provisioning/desiredStateContext.ts';
import type { ProcessIdentity } from '../../src/provisioning/processIdentity.ts';
import type { Action, Request } from '../../src/provisioning/queue.ts';
import { emptyState, type SiteKey, type StoredState } from '../../src/provisioning/publications.ts';

export const self: ProcessIdentity = { pid: 1, bootId: 'boot', pidNamespace: 'namespace', host: 'host1' };
export const context: DesiredStateContext = {
  now: '2026-01-01T00:00:00.000Z',
  livenessOf: () => 'alive',
  isListening: () => false,
  maxSitesPerUser: 3,
};

export function site(number: number, port = 3000 + number): SiteKey {
  return {
    hostname: `student${number}.example.com`,
    user: `student${number}`,
    port,
    machine: 'server1',
    service: `http://localhost:${port}`,
  };
}
let count = 0;
export const request = (action: Action): Request => ({ version: 1, id: `request-${count++}`, at: 0, by: self, action });
export const publish = (number: number, holder = 'a', verify = false, port?: number) =>
  request({ kind: 'publish', site: site(number, port), holder: { id: holder }, verify });
export const release = (number: number, holder = 'a') => request({ kind: 'release', user: `student${number}`, holder });
export const unpublish = (number: number) => request({ kind: 'unpublish', site: site(number) });
export const collect = () => request({ kind: 'collect' });

/** The state after a round in which everything succeeded. */
export const after = (desired: DesiredState): StoredState => ({
  publications: desired.publications,
  unsettled: new Map(),
  idle: new Map(),
});
export const serve = (requests: readonly Request[], state: StoredState = emptyState, about = context) =>
  desiredState(state, requests, about);
export const holdersOf = (state: StoredState) =>
  Object.fromEntries(
    [...state.publications].map(([hostname, one]) => [hostname, one.holders.map((holder) => holder.id).sort()]),
  );
export const wantsOf = (desired: DesiredState) =>
  Object.fromEntries([...desired.wants.values()].map((want) => [want.user, want.present]));
export const codeOf = (desired: DesiredState, asked: Request) => {
  const answer = answerTo(desired, asked);
  return answer?.kind === 'settled' && answer.outcome.kind === 'error' ? answer.outcome.error.code : undefined;
};
/** A site of student9 with a hostname for each port. */
export const siteOf = (number: number) => ({ ...site(number), user: 'student9' });
export const answerTo = (desired: DesiredState, { id }: Request) => desired.answers.get(id);
