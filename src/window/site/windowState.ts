// The window: its sites, one for each port that its terminals use. It finds the site that an event concerns; transitions.ts
// has what happens to the site. Pure: state and event → state and effects as data.
import { inEnglish } from '../../messages/texts.ts';
import type { ProcessId, ShellId } from '../../shell/processIds.ts';
import { announced, moved, running, without, type AnnouncementEvent, type Announcements } from './announcements.ts';
import { isRunning, leaseOf, idleSite } from './siteState.ts';
import type { Effect, Problem, Site, SiteEvent, AwaitingServer } from './siteState.ts';
import { transition } from './transitions.ts';

/** The port of a command: a number, none, or the problem of a text that is not a port. */
export type PortReading = number | undefined | Problem;

/** A watched command that runs in a terminal. */
export interface SeenCommand {
  readonly process: ProcessId;
  readonly port: PortReading;
  /** From before a reload: the student was notified of this site, or took it down. */
  readonly notified?: boolean;
  readonly declined?: boolean;
  /** The port of its server, if the student chose that server to be shown. */
  readonly shows?: number;
}

export type WindowEvent =
  /** All the watched commands that run in this terminal now. */
  | { readonly type: 'observed'; readonly shell: ShellId; readonly commands: readonly SeenCommand[] }
  | { readonly type: 'restored'; readonly shell: ShellId; readonly port: number; readonly notified: boolean }
  | { readonly type: 'closed'; readonly shell: ShellId }
  /** `shell` replaced `previous` in its terminal, which ended the commands there. */
  | {
      readonly type: 'shellReplaced';
      readonly shell: ShellId;
      readonly previous: ShellId;
      /** The new shell's working folder. */
      readonly folder?: string | undefined;
      /** In milliseconds since 1970. */
      readonly at: number;
    }
  | AnnouncementEvent
  | { readonly type: 'windowSilent'; readonly seconds: number; readonly limitSeconds: number }
  | { readonly type: 'windowAnswers' }
  | { readonly type: 'site'; readonly port: number; readonly event: SiteEvent };

/** An effect of a site, with its port; or a line to type into a terminal. */
export type WindowEffect = SiteEffect | { readonly type: 'typeAgain'; readonly shell: ShellId; readonly line: string };
export type SiteEffect = Effect & { readonly port: number };

export interface WindowState {
  /** By port, with the one used last at the end. Port 0 is the site of commands without a usable port. */
  readonly sites: ReadonlyMap<number, Site>;
  readonly announcements: Announcements;
  /** The number of steps so far. It names new leases. */
  readonly steps: number;
}

export interface WindowStep {
  readonly state: WindowState;
  readonly effects: readonly WindowEffect[];
}

export const emptyWindow: WindowState = { sites: new Map(), announcements: new Map(), steps: 0 };

const withoutPort = 0;

/** Returns the next state of the window and the effects to start. */
export function windowStep(state: WindowState, event: WindowEvent): WindowStep {
  switch (event.type) {
    case 'observed':
      return observed(
        event.commands.length > 0 ? withAnnouncements(state, running(state.announcements, event.shell)) : state,
        event.shell,
        event.commands,
      );
    case 'restored':
      return siteStep(state, event.port, { type: 'restored', shell: event.shell, notified: event.notified });
    case 'closed':
      return each(
        withAnnouncements(state, without(state.announcements, event.shell)),
        sitesOf(state, event.shell),
        event,
      );
    case 'shellReplaced':
      return shellReplaced(state, event);
    case 'lineStarted':
    case 'lineEnded':
    case 'doubted':
      return { state: withAnnouncements(state, announced(state.announcements, event)), effects: [] };
    case 'windowSilent':
    case 'windowAnswers':
      return each(state, [...state.sites.keys()], event);
    case 'site':
      return siteStep(state, event.port, event.event);
  }
}

/** The site to show: the one used last that is not idle, else the last with a running command. */
export function shownSite(state: WindowState): { readonly port: number; readonly site: Site } {
  const sites = [...state.sites];
  const [port, site] = sites.findLast(([, { kind }]) => kind !== 'idle') ??
    sites.findLast(([, known]) => isRunning(known)) ?? [withoutPort, idleSite];
  return { port, site };
}

/**
 * The port to republish: the last one that runs or is held in this window, else the assigned one. Pure.
 * @returns undefined if neither is known
 */
export function portToPublish(state: WindowState, assigned: number | null | undefined): number | undefined {
  const used = [...state.sites].filter(
    ([port, site]) => port !== 0 && (isRunning(site) || leaseOf(site) !== undefined || site.kind === 'failed'),
  );
  return used.at(-1)?.[0] ?? assigned ?? undefined;
}

/** For the log. */
export const describeState = (state: WindowState): string =>
  [...state.sites]
    .map(
      ([port, site]) =>
        `${port === withoutPort ? 'no port' : port} ${site.kind}${site.kind === 'waiting' ? detailOf(site) : ''}`,
    )
    .join(', ') || 'idle';

const detailOf = ({ refusal, mute }: AwaitingServer): string =>
  refusal ? ` (${inEnglish(refusal.server)} refuses visitors)` : mute ? ' (it listens, but does not respond)' : '';

function observed(state: WindowState, shell: ShellId, commands: readonly SeenCommand[]): WindowStep {
  const seen = new Set(commands.map(({ process }) => process));
  const over = [...state.sites].filter(([, site]) => {
    const run = site.runs.get(shell);
    return run?.running && run.process !== undefined && !seen.has(run.process);
  });
  const ended = each(
    state,
    over.map(([port]) => port),
    { type: 'ended', shell },
  );
  // Of several commands with one port, only the one seen last counts.
  const latest = new Map(commands.map((command) => [siteOf(command), command]));
  const fresh = [...latest.values()].filter((command) => isNewRun(ended.state, shell, command));
  if (fresh.length === 0) return ended;
  const ran = fresh.reduce((before, command) => then(before, (now) => commandSeen(now, shell, command)), ended);
  // The shell runs another command now: its ended commands no longer hold their sites.
  const left = sitesOf(ran.state, shell).filter((port) => !ran.state.sites.get(port)?.runs.get(shell)?.running);
  return then(ran, (now) => each(now, left, { type: 'closed', shell }));
}

const withAnnouncements = (state: WindowState, announcements: Announcements): WindowState =>
  announcements === state.announcements ? state : { ...state, announcements };

/** The terminal keeps its sites, as if their servers had stopped. */
function shellReplaced(
  state: WindowState,
  { shell, previous, folder, at }: WindowEvent & { type: 'shellReplaced' },
): WindowStep {
  const ended = each(state, sitesOf(state, previous), { type: 'ended', shell: previous });
  const sites = new Map(ended.state.sites);
  for (const port of sitesOf(ended.state, previous)) {
    const site = sites.get(port);
    if (site)
      sites.set(port, {
        ...site,
        runs: new Map([...site.runs].map(([id, run]) => [id === previous ? shell : id, run])),
      });
  }
  const { all, again } = moved(state.announcements, { from: previous, to: shell, folder, at });
  return {
    state: withAnnouncements({ ...ended.state, sites }, all),
    effects: [...ended.effects, ...(again === undefined ? [] : [{ type: 'typeAgain', shell, line: again } as const])],
  };
}

const siteOf = ({ port }: SeenCommand): number => (typeof port === 'number' ? port : withoutPort);

function isNewRun(state: WindowState, shell: ShellId, command: SeenCommand): boolean {
  const run = state.sites.get(siteOf(command))?.runs.get(shell);
  return !run?.running || run.process !== command.process;
}

function commandSeen(state: WindowState, shell: ShellId, command: SeenCommand): WindowStep {
  const port = siteOf(command);
  const isIdle = (state.sites.get(port) ?? idleSite).kind === 'idle';
  return siteStep(state, port, eventFor(shell, { ...command, declined: isIdle && command.declined === true }));
}

function eventFor(shell: ShellId, { process, port, notified, declined, shows }: SeenCommand): SiteEvent {
  if (port === undefined) return { type: 'ranWithoutPort', shell, process };
  if (typeof port !== 'number') return { type: 'ranWithBadPort', shell, process, problem: port };
  if (declined) return { type: 'declined', shell, process };
  return { type: 'ran', shell, process, notified: notified ?? false, ...(shows !== undefined && { shows }) };
}

const sitesOf = (state: WindowState, shell: ShellId): number[] =>
  [...state.sites].filter(([, site]) => site.runs.has(shell)).map(([port]) => port);

const isUse = (event: SiteEvent): boolean =>
  ['ran', 'ranWithoutPort', 'ranWithBadPort', 'republish', 'restored', 'notRemoved'].includes(event.type);

function siteStep(state: WindowState, port: number, event: SiteEvent): WindowStep {
  const before = state.sites.get(port) ?? idleSite;
  const { site, effects } = transition(before, event, state.steps + 1);
  if (site === before && effects.length === 0) return { state, effects: [] };
  const sites = new Map(state.sites);
  if (isUse(event)) sites.delete(port); // to put it at the end
  if (site.kind === 'idle' && site.runs.size === 0) sites.delete(port);
  else sites.set(port, site);
  return {
    state: { ...state, sites, steps: state.steps + 1 },
    effects: effects.map((effect) => ({ ...effect, port })),
  };
}

const each = (state: WindowState, ports: readonly number[], event: SiteEvent): WindowStep =>
  ports.reduce<WindowStep>((before, port) => then(before, (now) => siteStep(now, port, event)), { state, effects: [] });

function then(before: WindowStep, next: (state: WindowState) => WindowStep): WindowStep {
  const after = next(before.state);
  return { state: after.state, effects: [...before.effects, ...after.effects] };
}
