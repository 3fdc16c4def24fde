// The return value of activate(): for tests, which wait for its events. Not a contract for other extensions.
import { publicationOf, type Kind } from '../window/site/siteState.ts';
import { shownSite, type WindowState } from '../window/site/windowState.ts';
import type { Window } from '../window/window.ts';

/** The content of the status bar, as data. */
export interface Summary {
  readonly kind: Kind;
  readonly port: number | undefined;
  readonly hostname: string | undefined;
  readonly url: string | undefined;
  /** The code of the problem in the state `failed`. */
  readonly problem: string | undefined;
}

/** The duration of activate() in milliseconds, by the clock and in CPU time. */
export interface ActivationCost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

export interface TestApi {
  readonly state: () => Summary;
  readonly onDidChangeState: (listener: (state: Summary) => void) => { dispose(): void };
  readonly activation: ActivationCost;
}

export function summarize(state: WindowState): Summary {
  const { port, site } = shownSite(state);
  const publication = publicationOf(site);
  return {
    kind: site.kind,
    port: port === 0 ? undefined : port,
    hostname: publication?.hostname,
    url: publication?.url,
    problem: site.kind === 'failed' ? site.problem.code : undefined,
  };
}

export function testApi(window: Window, activation: ActivationCost, log: (message: string) => void): TestApi {
  log(`activated in ${activation.wallMs.toFixed(1)} ms`);
  return {
    state: () => summarize(window.state),
    onDidChangeState: (listener) => window.onDidChange((state) => listener(summarize(state))),
    activation,
  };
}
