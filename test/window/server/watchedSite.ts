// A site that the readiness watcher follows, with the real state machine behind it.
import { identify } from '../../../src/shell/processIds.ts';
import { EventEmitter, once } from 'node:events';
import { ReadinessWatcher } from '../../../src/window/server/readiness.ts';
import type { Site } from '../../../src/window/site/siteState.ts';
import {
  emptyWindow,
  windowStep,
  type WindowState,
  type WindowEffect,
  type WindowEvent,
} from '../../../src/window/site/windowState.ts';
import { ReadinessProbes } from '../../../src/window/server/readinessProbe.ts';
import { examples, publication } from '../site/sites.ts';

export const own = identify(process.pid) ?? '';
export const noRelay = { socketOf: () => undefined, setTarget: () => undefined, cookieFor: () => undefined };

/** A window with one site that waits for a server of this process; its state machine is the real one. */
export class WatchedSite {
  state: WindowState;
  readonly effects: WindowEffect[] = [];
  readonly changes = new EventEmitter();
  readonly watcher: ReadinessWatcher;

  constructor(
    readonly port: number,
    relays: ConstructorParameters<typeof ReadinessWatcher>[0]['relays'] = noRelay,
    timeout?: number,
  ) {
    this.watcher = new ReadinessWatcher({
      relays,
      dispatch: (event) => this.dispatch(event),
      look: () => undefined,
      uid: process.getuid?.() ?? 0,
      probes: new ReadinessProbes(timeout),
      onServer: (...found) => this.changes.emit('server', found),
      onChosen: (chosen) => this.changes.emit('chosen', chosen),
      onMoved: (...ports) => this.changes.emit('moved', ports),
    });
    const lease = { life: 1, publication: { ...publication, port } };
    this.state = {
      ...emptyWindow,
      sites: new Map([[port, { ...examples.waiting, lease, runs: new Map([[own, { process: own, running: true }]]) }]]),
    };
    this.watcher.follow(this.state);
  }

  dispatch(event: WindowEvent): void {
    const next = windowStep(this.state, event);
    this.state = next.state;
    this.effects.push(...next.effects);
    this.watcher.follow(this.state);
    this.changes.emit('change');
  }

  /** Resolves with the site once the condition holds. */
  async site(isSo: (site: Site) => boolean): Promise<Site> {
    for (;;) {
      const site = this.state.sites.get(this.port);
      if (site && isSo(site)) return site;
      await once(this.changes, 'change');
    }
  }
}
