// The settings. All have machine scope: a workspace must not choose the command or its configuration file.
import type { CommandLine } from './cli/run.ts';

/** The source of the settings, such as `vscode.WorkspaceConfiguration`. */
export interface SettingsReader {
  get(name: string): unknown;
}

export interface Settings {
  /** The words that call the command-line tool; empty for the one that comes with the extension. */
  readonly command: readonly string[];
  readonly configFile: string;
  readonly graceSeconds: number;
  readonly awayMinutes: number;
  /** `class` makes the sites private in a public class too; `public` leaves it to the class. */
  readonly visibility: 'public' | 'class';
}

export const defaults: Settings = {
  command: [],
  configFile: '',
  graceSeconds: 10,
  awayMinutes: 10,
  visibility: 'public',
};

/** Reads `classroomTunnel.*`. A value of a wrong type counts as not set. */
export function readSettings(reader: SettingsReader): Settings {
  const command = reader.get('command');
  const configFile = reader.get('configFile');
  return {
    command: Array.isArray(command) && command.every((word) => typeof word === 'string') ? command : defaults.command,
    configFile: typeof configFile === 'string' ? configFile : defaults.configFile,
    graceSeconds: positive(reader.get('graceSeconds'), defaults.graceSeconds),
    awayMinutes: positive(reader.get('awayMinutes'), defaults.awayMinutes),
    visibility: reader.get('visibility') === 'class' ? 'class' : 'public',
  };
}

/**
 * The command to run.
 * @param extensionPath the folder of the extension, which contains dist/cli.js
 * @param node the program that runs it: the extension host's own, which may be Electron
 */
export function commandLine(
  settings: Settings,
  extensionPath: string,
  node: string,
  env: NodeJS.ProcessEnv,
): CommandLine {
  const words = settings.command.length > 0 ? settings.command : [node, `${extensionPath}/dist/cli.js`];
  return {
    words,
    env: {
      ...env,
      ELECTRON_RUN_AS_NODE: '1',
      ...(settings.configFile !== '' && { CLASSROOM_TUNNEL_CONFIG: settings.configFile }),
    },
  };
}

const positive = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : otherwise;
