// The teacher's command `list`: who is live, stopped and paused, once or at every change.
import { watch } from 'node:fs';
import { join } from 'node:path';
import { exitCodes } from '../messages/exitCodes.ts';
import { currentControls, localTime, type Pause } from '../provisioning/controls.ts';
import { publicUrl, type Config } from '../provisioning/config.ts';
import { closedPause } from '../provisioning/openingHours.ts';
import type { StoredState } from '../provisioning/publications.ts';
import { readState, type ActionContext } from './actions.ts';
import type { CommonOptions } from './commandLine.ts';
import type { Event } from './report.ts';
import { openSession } from './session.ts';
import { readStatus, statusFolder, type SiteStatus } from './siteStatus.ts';
import { tableLines } from './table.ts';

export interface ListOptions extends CommonOptions {
  /** Clear the terminal before each list. */
  readonly screen?: boolean;
}

/** Milliseconds. `quiet`: between two lists. `refresh`: until a list without a change, because a pause ends without one. */
const times = { quiet: 1_000, refresh: 60_000 };

/** Milliseconds after which the service ends a watch, before systemd does (RuntimeMaxSec). The caller starts the next one. */
const serviceTime = 9 * 60_000;

const clearScreen = '\u001b[H\u001b[2J\u001b[3J';

/** Shows what is live, stopped and paused. @returns the exit code; 75 where the service ended a watch */
export async function list(context: ActionContext, options: ListOptions): Promise<number> {
  const { config } = openSession(context.report, context);
  if (options.watch) return watchList(context, config, options.screen ?? false);
  await show(context, config);
  return exitCodes.done;
}

async function watchList(context: ActionContext, config: Config, screen: boolean): Promise<number> {
  await readState(config, context.report); // makes the folder
  const changes = new Changes(join(config.stateDir, 'records'));
  const { stop, peer } = context;
  const isOver = () => stop.aborted || (peer !== undefined && Date.now() > began + serviceTime);
  const began = Date.now();
  stop.addEventListener('abort', () => changes.close());
  let shown = '';
  while (!isOver()) {
    shown = await show(context, config, { shown, screen });
    changes.watch(await statusFolders(context, config));
    await changes.next();
  }
  changes.close();
  return stop.aborted ? exitCodes.done : exitCodes.busy;
}

/** The folders into which the windows of live sites write. */
async function statusFolders({ report }: ActionContext, config: Config): Promise<string[]> {
  const { publications } = await readState(config, report);
  return [...publications.values()].flatMap(({ service }) => statusFolder(service) ?? []);
}

/** Prints the list unless it is what `shown` says. @returns the list as JSON */
async function show(
  { report }: ActionContext,
  config: Config,
  { shown, screen }: { readonly shown?: string; readonly screen?: boolean } = {},
): Promise<string> {
  const now = new Date().toISOString();
  const state = await readState(config, report);
  const { text, event } = describe(state, config, now, readStatus);
  const json = JSON.stringify(event);
  if (json !== shown) report.answer(screen ? `${clearScreen}${text}` : text, event);
  return json;
}

/** The list as text for people and as an event. Pure. @param now ISO 8601 */
export function describe(
  { publications, controls }: StoredState,
  config: Pick<Config, 'openingHours' | 'publicUrl'>,
  now: string,
  statusOf: (service: string) => SiteStatus | undefined = () => undefined,
): { readonly text: string; readonly event: Event } {
  const { stops, pauses } = currentControls(controls, now);
  const closed = closedPause(config.openingHours, now);
  const rows = [...publications.values()].map(({ user, port, hostname, since, holders, service }) => ({
    ...{ user, port, hostname, url: publicUrl(config, hostname), since },
    holders: holders.map(({ id }) => id),
    status: statusOf(service) ?? null,
  }));
  const columns = rows.map(({ user, port, url, since, status }) => [
    ...[user, String(port), url, localTime(since, now)],
    ...[status?.server ?? '', visitorsText(status), [status?.state, status?.problem].filter(Boolean).join(': ')],
  ]);
  const live =
    rows.length === 0
      ? ['No site is live.']
      : tableLines([['USER', 'PORT', 'SITE', 'SINCE', 'SERVER', 'VISITORS', 'STATE'], ...columns]);
  const stopped = stops.map(
    ({ user, since, sites }) =>
      `Stopped: ${[user, ...sites.map(({ hostname }) => `(${hostname})`)].join(' ')} since ${localTime(since, now)}`,
  );
  const paused = pauses.map((pause) => pauseLine('Paused', pause, now));
  const text = [...live, ...stopped, ...paused, ...(closed ? [pauseLine('Closed', closed, now)] : [])].join('\n');
  return {
    text,
    event: {
      event: 'list',
      publications: rows,
      stopped: stops.flatMap(({ user, since, sites }) =>
        (sites.length > 0 ? sites : [{ port: null, hostname: null }]).map(({ port, hostname }) => ({
          ...{ user, port, hostname, since },
        })),
      ),
      paused: pauses.map(({ user = null, since, until = null, message = null }) => ({ user, since, until, message })),
      closed: closed ? { until: closed.until, message: closed.message } : null,
    },
  };
}

const visitorsText = (status: SiteStatus | null): string =>
  status?.visitors ? `${status.visitors.now} now, ${status.visitors.inAll} in all` : '';

function pauseLine(what: string, { user = 'everyone', until, message }: Pause, now: string): string {
  return `${what}: ${user}${until ? ` until ${localTime(until, now)}` : ''}${message ? `: ${message}` : ''}`;
}

/** The changes in some folders, of which those that follow each other closely are one. */
class Changes {
  readonly #watchers = new Map<string, { close(): void }>();
  #wake: () => void = () => undefined;
  readonly #own: string;
  #changed = false;
  #closed = false;

  constructor(folder: string) {
    this.#add(folder);
    this.#own = folder;
  }

  /** Watches these folders beside its own, and no others. */
  watch(folders: readonly string[]): void {
    for (const [folder, watcher] of this.#watchers) {
      if (folder === this.#own || folders.includes(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of folders) this.#add(folder);
  }

  /** Resolves after the next change, and after a minute without one. */
  async next(): Promise<void> {
    await this.#sleep(times.quiet, () => false);
    if (!this.#changed) await this.#sleep(times.refresh, () => this.#changed);
    this.#changed = false;
  }

  close(): void {
    this.#closed = true;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#wake();
  }

  #add(folder: string): void {
    if (this.#watchers.has(folder)) return;
    const watcher = tryWatch(folder, () => {
      this.#changed = true;
      this.#wake();
    });
    if (watcher) this.#watchers.set(folder, watcher);
  }

  #sleep(milliseconds: number, isOver: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        if (!isOver() && !this.#closed) return;
        clearTimeout(timer);
        resolve();
      };
      this.#wake();
    });
  }
}

/** Undefined where the folder cannot be watched: before the first publication, or with too many watches. */
function tryWatch(folder: string, onChange: () => void): { close(): void } | undefined {
  try {
    return watch(folder, onChange).on('error', () => undefined);
  } catch {
    return undefined;
  }
}
