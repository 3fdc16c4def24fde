// The events between a terminal and a site that are dropped, each with its reason and the place where the student reads about
// it. A test checks that the files on that way have no bare `return`. For the events that a site ignores, see
// window/site/silences.ts.

interface Drop {
  /** The place where a student reads about it. */
  readonly shownIn: 'status bar' | 'log' | 'nowhere';
  readonly why: string;
}

export const drops = {
  windowCloses: {
    shownIn: 'nowhere',
    why: 'The window goes and its shells live on; the guardian and the next window act.',
  },
  unknownTerminal: { shownIn: 'nowhere', why: 'No shell of this terminal was ever seen, so no site depends on it.' },
  terminalRemoved: {
    shownIn: 'nowhere',
    why: 'The terminal was closed while it was scanned; closing it is an event of its own.',
  },
  knownTerminal: { shownIn: 'nowhere', why: 'The terminal is scanned already.' },
  noShellYet: {
    shownIn: 'nowhere',
    why: 'VS Code has not started its shell yet; the next scan of the burst asks again.',
  },
  noProcess: { shownIn: 'log', why: 'An extension draws this terminal, so no command runs in it.' },
  laterLine: { shownIn: 'status bar', why: 'Another line was entered since: that one is shown.' },
  firstShell: { shownIn: 'nowhere', why: 'A first shell replaces none, so nothing is lost.' },
  notTypable: { shownIn: 'status bar', why: 'Its terminal is gone: the command is shown as lost with the shell.' },
  restoredAlready: { shownIn: 'status bar', why: 'A command runs there again, and its site is shown.' },
  notOutput: { shownIn: 'nowhere', why: 'Only output of a debugged program can mean that it listens.' },
  scannedSoon: { shownIn: 'nowhere', why: 'A scan after the former output is to come.' },
  noUntil: {
    shownIn: 'status bar',
    why: 'The publish waits for its turn, which takes no longer than publishing itself.',
  },
  noRelayPorts: {
    shownIn: 'nowhere',
    why: 'The relays of this class listen at sockets, so there is no port to pass on.',
  },
} as const satisfies Record<string, Drop>;

/** Drops an event. The code names the row of the table that has the reason. */
export const drop: (code: keyof typeof drops) => undefined = () => undefined;
