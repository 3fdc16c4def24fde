/**
 * The ways in which a new student may come to a first published site. Each value of a dimension appears at least once; the
 * list is not their product.
 */

/** How the folder comes to be trusted: in the question that a first terminal raises, or in some other way before it. */
export type Trust = 'dialog' | 'banner' | 'before' | 'off';
/** How the terminal is opened in which the command runs. */
export type Opening =
  'new' | 'early' | 'split' | 'relaunched' | 'restored' | 'explorer' | 'task' | 'npmScript' | 'selectedText';
export type Shell = 'bash' | 'zsh' | 'fish';
/** The source of the shell's PORT. */
export type PortSource = 'configuration' | 'startUpFile' | 'byHand';

export interface FirstMinute {
  readonly trust: Trust;
  readonly opening: Opening;
  readonly shell: Shell;
  readonly port: PortSource;
  /** Both processor cores have other work. */
  readonly busy: boolean;
  /** The window has a VS Code profile of its own. */
  readonly profile: boolean;
  /** `npm test -- minute` runs it too; the others run by `minutes` and `minutesOften`. */
  readonly always: boolean;
}

type Difference = Partial<FirstMinute>;

const usual: FirstMinute = {
  trust: 'dialog',
  opening: 'new',
  shell: 'bash',
  port: 'configuration',
  busy: false,
  profile: false,
  always: false,
};

const differences: readonly Difference[] = [
  { always: true },
  { busy: true },
  { trust: 'banner', always: true },
  { trust: 'before', always: true },
  { trust: 'before', busy: true },
  { trust: 'off' },
  { opening: 'early', always: true },
  { trust: 'off', opening: 'early' },
  { trust: 'before', opening: 'early', shell: 'zsh', busy: true },
  { trust: 'before', opening: 'early', port: 'byHand' },
  { shell: 'zsh', port: 'startUpFile', always: true },
  { shell: 'fish' },
  { trust: 'banner', shell: 'fish', port: 'byHand', busy: true },
  { trust: 'off', shell: 'zsh', busy: true },
  { port: 'startUpFile' },
  { port: 'byHand', busy: true },
  { profile: true },
  { trust: 'before', profile: true, shell: 'zsh', busy: true },
  { opening: 'task', always: true },
  { trust: 'banner', opening: 'npmScript', busy: true },
  { trust: 'off', opening: 'split', port: 'startUpFile' },
  { opening: 'split', shell: 'fish' },
  { trust: 'before', opening: 'explorer' },
  { trust: 'off', opening: 'selectedText' },
  { opening: 'relaunched', always: true },
  { trust: 'off', opening: 'relaunched', shell: 'zsh' },
  { opening: 'restored', always: true },
  { trust: 'before', opening: 'restored', shell: 'fish', port: 'startUpFile', busy: true },
];

export const firstMinutes: readonly FirstMinute[] = differences.map((difference) => ({ ...usual, ...difference }));

const trustTitles = {
  dialog: 'trust by the dialog',
  banner: 'trust by the banner',
  before: 'trust given before',
  off: 'trust switched off',
} as const satisfies Record<Trust, string>;

const openingTitles = {
  new: 'a new terminal',
  early: 'a terminal opened before the extension is active',
  split: 'a split terminal',
  relaunched: 'a relaunched terminal',
  restored: 'a terminal restored by a reload',
  explorer: "a terminal of the Explorer's menu",
  task: 'a task',
  npmScript: 'an npm script run as a task',
  selectedText: 'selected text run in the terminal',
} as const satisfies Record<Opening, string>;

const portTitles = {
  configuration: 'PORT by the configuration',
  startUpFile: 'PORT by a start-up file',
  byHand: 'PORT typed by hand',
} as const satisfies Record<PortSource, string>;

/** The title of a case: its dimensions, comma by comma. */
export function titleOf({ trust, opening, shell, port, busy, profile }: FirstMinute): string {
  return [
    trustTitles[trust],
    openingTitles[opening],
    shell,
    portTitles[port],
    ...(busy ? ['both cores busy'] : []),
    ...(profile ? ['a second profile'] : []),
  ].join(', ');
}
