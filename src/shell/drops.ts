// Every event on its way from a terminal to a site that leads to nothing, with the place where the student is told, or the
// reason why silence is right. A test holds the code to this table: the files on that way have no bare `return`. For what a
// site's state drops see window/site/silences.ts.

interface Drop {
  /** Where a student reads about it. */
  readonly told: 'status bar' | 'log' | 'nowhere';
  readonly why: string;
}

export const drops = {
  windowCloses: {
    told: 'nowhere',
    why: 'The window goes and its shells live on; the guardian and the next window act.',
  },
  unknownTerminal: { told: 'nowhere', why: 'No shell of this terminal was ever seen, so no site depends on it.' },
  terminalRemoved: {
    told: 'nowhere',
    why: 'The terminal was closed while it was scanned; closing it is an event of its own.',
  },
  knownTerminal: { told: 'nowhere', why: 'The terminal is scanned already.' },
  noShellYet: { told: 'nowhere', why: 'VS Code has not started its shell; the next scan of the burst asks again.' },
  noProcess: { told: 'log', why: 'An extension draws this terminal itself: no command runs in it.' },
  laterLine: { told: 'status bar', why: 'Another line was entered since: that one is shown.' },
  firstShell: { told: 'nowhere', why: 'A first shell replaces none, so nothing is lost.' },
  notTypable: { told: 'status bar', why: 'Its terminal is gone: the command is shown as lost with the shell.' },
  restoredAlready: { told: 'status bar', why: 'A command runs there again, and its site is shown.' },
  noUntil: { told: 'status bar', why: 'The publish waits for its turn, which takes no longer than publishing itself.' },
} as const satisfies Record<string, Drop>;

/** Ends the way of an event here. The code is the row of the table that says why. */
export const drop: (code: keyof typeof drops) => undefined = () => undefined;
