// The palette commands. package.json declares them too; a test compares the two.
import { t } from '../messages/texts.ts';

export const commandTable = {
  'classroomTunnel.republish': { title: 'Republish', enablement: undefined },
  'classroomTunnel.unpublish': {
    title: 'Unpublish',
    enablement: 'classroomTunnel.state && classroomTunnel.state != idle',
  },
  'classroomTunnel.open': { title: 'Open', enablement: 'classroomTunnel.published' },
  'classroomTunnel.copyLink': { title: 'Copy Link', enablement: 'classroomTunnel.published' },
  'classroomTunnel.openPreview': { title: 'Open Preview', enablement: 'classroomTunnel.published' },
  'classroomTunnel.showQrCode': { title: 'Show QR Code', enablement: 'classroomTunnel.published' },
  'classroomTunnel.showVisitors': { title: 'Show Visitors', enablement: 'classroomTunnel.published' },
  'classroomTunnel.toggleVisibility': {
    title: 'Ask Visitors for the Passphrase, or Stop Asking',
    enablement: undefined,
  },
  'classroomTunnel.endServer': { title: 'End the Other Server', enablement: 'classroomTunnel.held' },
  'classroomTunnel.showServer': { title: 'Show Another Server', enablement: undefined },
  'classroomTunnel.showLog': { title: 'Show Log', enablement: undefined },
} as const;

export type OwnCommandId = keyof typeof commandTable;

/** The commands that a click or a link in the tooltip may run: the window's own, and two of VS Code's. */
export type CommandId = OwnCommandId | 'workbench.action.terminal.focus' | 'workbench.action.terminal.new';

export const ownCommands = Object.keys(commandTable) as OwnCommandId[];

export const labels: Readonly<Record<CommandId, string>> = {
  ...(Object.fromEntries(ownCommands.map((id) => [id, commandTable[id].title])) as Record<OwnCommandId, string>),
  'workbench.action.terminal.focus': 'Open the Terminal',
  'workbench.action.terminal.new': 'Open a New Terminal',
};

/** The commands that a link or a button of the window may run. */
export const linkedCommands = Object.keys(labels) as CommandId[];

/** The label of a button or a link that runs a command. */
export const labelOf = (id: CommandId): string => t(labels[id]);
