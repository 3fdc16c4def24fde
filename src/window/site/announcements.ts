// Watched commands that were typed and of which nothing runs yet, by terminal. Pure. Whatever a student has just typed is
// shown: as starting, as public (which is a site's matter), or with the reason why it is not public.
import type { ShellId } from '../../shell/processIds.ts';
import type { Problem } from '../../messages/messages.ts';

/** Why a command that was typed is not public. */
export type Doubt =
  /** No process of it was found in time. It may still come. */
  | { readonly kind: 'notSeen' }
  /** It ended before it was found. `exitCode` where the shell told it. */
  | { readonly kind: 'ended'; readonly exitCode: number | undefined }
  /** It runs, but under another account. */
  | { readonly kind: 'otherUser' }
  /** It runs without a port, and the configuration that may assign one has not been read. */
  | { readonly kind: 'noConfiguration'; readonly problem: Problem | undefined }
  /** VS Code replaced the terminal's shell, which ended it. */
  | { readonly kind: 'shellReplaced' };

export interface Announcement {
  /** As the configuration has it: `npm run dev`. */
  readonly command: string;
  /** As it was typed. */
  readonly line: string;
  readonly doubt?: Doubt;
  /** It was typed again for the student, in the shell that replaced theirs. */
  readonly again?: true;
}

export type Announcements = ReadonlyMap<ShellId, Announcement>;

export type AnnouncementEvent =
  /** A line was entered. `command`: the watched command that it runs, if any. */
  | { readonly type: 'lineStarted'; readonly shell: ShellId; readonly line: string; readonly command?: string }
  | { readonly type: 'lineEnded'; readonly shell: ShellId; readonly exitCode: number | undefined }
  /** `command`: it was found without its line, which no event told. */
  | { readonly type: 'doubted'; readonly shell: ShellId; readonly doubt: Doubt; readonly command?: string };

/** What happened to a command line. A line that runs no watched command ends what was said of the one before it. */
export function announced(all: Announcements, event: AnnouncementEvent): Announcements {
  const { shell } = event;
  const known: Announcement | undefined =
    all.get(shell) ??
    (event.type === 'doubted' && event.command ? { command: event.command, line: event.command } : undefined);
  switch (event.type) {
    case 'lineStarted': {
      const { command, line } = event;
      if (command === undefined) return without(all, shell);
      // The line that the window types again starts like any other.
      return put(all, shell, { command, line, ...(known?.again && known.line === line && { again: true }) });
    }
    case 'lineEnded':
      if (!known || known.doubt?.kind === 'shellReplaced') return all;
      return put(all, shell, { ...known, doubt: { kind: 'ended', exitCode: event.exitCode } });
    case 'doubted':
      // That nothing was found is the least that can be said.
      if (!known || (event.doubt.kind === 'notSeen' && known.doubt)) return all;
      if (JSON.stringify(known.doubt) === JSON.stringify(event.doubt)) return all;
      return put(all, shell, { ...known, doubt: event.doubt });
  }
}

/** The terminal runs a watched command, or is closed: what was typed is answered. */
export function without(all: Announcements, shell: ShellId): Announcements {
  return all.has(shell) ? new Map([...all].filter(([id]) => id !== shell)) : all;
}

/**
 * A shell took the place of another in one terminal, which ended whatever ran there.
 * @returns `again`: the line to type into the new shell, where the student's command was lost and may be typed again
 */
export function moved(all: Announcements, from: ShellId, to: ShellId): { all: Announcements; again?: string } {
  const known = all.get(from);
  if (!known) return { all };
  const rest = without(all, from);
  if (known.doubt?.kind === 'ended') return { all: rest };
  const { command, line } = known;
  if (known.again || !isSimple(line))
    return { all: put(rest, to, { command, line, doubt: { kind: 'shellReplaced' } }) };
  return { all: put(rest, to, { command, line, again: true }), again: line };
}

/** One simple command, without anything that a shell would expand: typed twice, it does what it does once. */
const isSimple = (line: string): boolean => /^[\w\s=.,:/@%+-]+$/.test(line) && !line.trim().includes('\n');

function put(all: Announcements, shell: ShellId, announcement: Announcement): Announcements {
  return new Map(without(all, shell)).set(shell, announcement);
}
