// Watched commands that were typed, by terminal. Each is shown as starting, or with the reason why it is not public, until a
// site takes its place. Pure.
import type { ShellId } from '../../shell/processIds.ts';
import { problemFor, type Problem } from '../../messages/messages.ts';
import { textOf } from '../../messages/texts.ts';

/** Why a command that was typed is not public. */
export type Doubt =
  /** No process of it was found in time. It may still come. */
  | { readonly kind: 'notSeen' }
  /** It ended before it was found. `exitCode` is undefined if the shell did not report one. */
  | { readonly kind: 'ended'; readonly exitCode: number | undefined }
  /** It runs, but under another account. */
  | { readonly kind: 'otherUser' }
  /** It runs without a port, and the configuration that may assign one has not been read. */
  | { readonly kind: 'noConfiguration'; readonly problem: Problem | undefined }
  /** VS Code replaced the terminal's shell, which ended it. */
  | { readonly kind: 'shellReplaced' };

export interface Announcement {
  /** As in the configuration: `npm run dev`. */
  readonly command: string;
  /** As it was typed. */
  readonly line: string;
  /** The shell's working folder at that time, if it could be read. */
  readonly folder?: string;
  /** The time at which it was typed, in milliseconds since 1970. */
  readonly at: number;
  readonly doubt?: Doubt | undefined;
  /** It runs, so a site is shown in its place. */
  readonly runs?: boolean;
  /** The window typed it again in the shell that replaced the first one. */
  readonly again?: true;
}

export type Announcements = ReadonlyMap<ShellId, Announcement>;

export type AnnouncementEvent =
  /** A line was entered. `command`: the watched command that it runs, if any. */
  | {
      readonly type: 'lineStarted';
      readonly shell: ShellId;
      readonly line: string;
      readonly command?: string;
      /** The shell's working folder. */
      readonly folder?: string;
      /** In milliseconds since 1970. */
      readonly at: number;
    }
  | { readonly type: 'lineEnded'; readonly shell: ShellId; readonly exitCode: number | undefined }
  /** `command`: the command of a process whose line was not reported by an event. */
  | { readonly type: 'doubted'; readonly shell: ShellId; readonly doubt: Doubt; readonly command?: string };

/** Applies an event of a command line. A line without a watched command ends the announcement before it. */
export function announced(all: Announcements, event: AnnouncementEvent): Announcements {
  const { shell } = event;
  const known = all.get(shell) ?? withoutLine(event);
  switch (event.type) {
    case 'lineStarted': {
      const { command, line, folder, at } = event;
      if (command === undefined) return without(all, shell);
      // The line that the window types again starts like any other.
      const again = known?.again && known.line === line && ({ again: true } as const);
      return put(all, shell, { command, line, at, ...(folder !== undefined && { folder }), ...again });
    }
    case 'lineEnded':
      if (!known || known.doubt?.kind === 'shellReplaced') return all;
      // The exit code is unknown if the shell ended with the command; another shell may take its place.
      if (known.runs) return event.exitCode === undefined ? all : without(all, shell);
      return put(all, shell, { ...known, doubt: { kind: 'ended', exitCode: event.exitCode } });
    case 'doubted':
      // Every other doubt says more than that nothing was found.
      if (!known || (event.doubt.kind === 'notSeen' && (known.doubt || known.runs))) return all;
      if (JSON.stringify(known.doubt) === JSON.stringify(event.doubt)) return all;
      return put(all, shell, { ...known, runs: false, doubt: event.doubt });
  }
}

/** Notes that a terminal's command runs. */
export function running(all: Announcements, shell: ShellId): Announcements {
  const known = all.get(shell);
  if (!known || known.runs) return all;
  return put(all, shell, { ...known, runs: true, doubt: undefined });
}

/** The announcement that was entered last and that no site has taken the place of. */
export const pending = (all: Announcements): Announcement | undefined =>
  [...all.values()].findLast(({ runs }) => !runs);

/** Removes a terminal's announcement: the terminal has closed. */
export function without(all: Announcements, shell: ShellId): Announcements {
  return all.has(shell) ? new Map([...all].filter(([id]) => id !== shell)) : all;
}

/** VS Code replaces the shell of a new terminal. A student who relaunches one later has ended the command. */
const youngMs = 20_000;

/**
 * Moves an announcement to the shell that replaced another one in its terminal, which ended the command.
 * @param folder the new shell's working folder
 * @param at milliseconds since 1970
 * @returns `again`: the line to type into the new shell, if the command was lost and repeating it there does the same
 */
export function moved(
  all: Announcements,
  { from, to, folder, at }: { from: ShellId; to: ShellId; folder?: string | undefined; at: number },
): { all: Announcements; again?: string } {
  const known = all.get(from);
  if (!known) return { all };
  const rest = without(all, from);
  const isOver = known.doubt?.kind === 'ended' && known.doubt.exitCode !== undefined;
  const isOld = at - known.at > youngMs;
  if (isOver || (isOld && known.runs)) return { all: rest };
  const { command, line } = known;
  if (known.again || isOld || !isSimple(line) || known.folder !== folder)
    return { all: put(rest, to, { command, line, at, doubt: { kind: 'shellReplaced' } }) };
  return { all: put(rest, to, { command, line, at, again: true }), again: line };
}

/** Whether the line is one simple command without expansions, so that typing it again is safe. */
const isSimple = (line: string): boolean => /^[\w\s=.,:/@%+-]+$/.test(line) && !line.trim().includes('\n');

function put(all: Announcements, shell: ShellId, announcement: Announcement): Announcements {
  return new Map(without(all, shell)).set(shell, announcement);
}

/** A command whose process was found, but whose line was not reported by an event. */
function withoutLine(event: AnnouncementEvent): Announcement | undefined {
  if (event.type !== 'doubted' || !event.command) return undefined;
  return { command: event.command, line: event.command, at: 0 };
}

/** The problem behind a doubt; undefined while the command may still be starting. */
export function doubtProblem({ command, doubt }: Announcement): Problem | undefined {
  switch (doubt?.kind) {
    case undefined:
      return undefined;
    case 'notSeen':
      return problemFor('command-not-seen', { command });
    case 'ended': {
      const { exitCode } = doubt;
      const reason = exitCode === undefined ? '' : textOf(' with exit code {exitCode}', { exitCode });
      return problemFor('command-ended', { command, reason });
    }
    case 'otherUser':
      return problemFor('command-of-other-user', { command });
    case 'noConfiguration':
      return doubt.problem ?? problemFor('no-configuration', { command });
    case 'shellReplaced':
      return problemFor('shell-replaced', { command });
  }
}
