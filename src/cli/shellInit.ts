// The variables that the shell hooks need, as lines that the shell can `eval`.
import { assignedPort, configDefaults } from '../provisioning/config.ts';
import { FixableError } from '../provisioning/errors.ts';
import { dependsOnPort } from '../provisioning/hostname.ts';
import { serverVariables } from '../relay/serverVariables.ts';
import { problemFor, type MessageCode } from '../messages/messages.ts';
import type { ActionContext } from './actions.ts';
import { notPublic } from './report.ts';
import { addressOf, openSession } from './session.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export interface ShellSettings {
  /** The watched commands. */
  readonly commands: readonly string[];
  /** The variable by which a server is told its port. */
  readonly variable: string;
  /** The port that the configuration assigns to the caller. */
  readonly port?: number;
  /** The variables that development servers should start with. */
  readonly variables?: ReadonlyMap<string, string>;
  /** Why the class cannot be used; replaces every warning. */
  readonly problem?: string;
}

/** How a shell writes things down. Values come quoted. */
interface Syntax {
  readonly quote: (text: string) => string;
  readonly set: (name: string, value: string) => string;
  readonly setList: (name: string, values: readonly string[]) => string;
  /** Sets and exports a variable. */
  readonly export: (name: string, value: string) => string;
  /** Exports a variable that is set. */
  readonly exportSet: (name: string) => string;
  readonly unlessSet: (name: string, command: string) => string;
}

/** The warnings that a hook prints when a watched command starts without a usable port; a variable holds each. */
const warnings = ['no-port', 'port-not-exported', 'port-unknown', 'port-invalid'] as const satisfies MessageCode[];

/** Prints the settings for a shell. A mistake in the configuration becomes the text of every warning. */
export function shellInit(context: ActionContext, shell: Shell): Promise<void> {
  context.report.answer(formatSettings(shell, readSettings(context)), { event: 'shellInit', shell });
  return Promise.resolve();
}

/** The lines to `eval`. Pure. */
export function formatSettings(shell: Shell, { commands, variable, port, variables, problem }: ShellSettings): string {
  const syntax = syntaxes[shell];
  const value = port === undefined ? '<your port>' : String(port);
  const textOf = (code: (typeof warnings)[number]) => {
    const assignment = code === 'port-not-exported' ? syntax.exportSet(variable) : syntax.export(variable, value);
    return problem ?? notPublic(problemFor(code, { variable, assignment }));
  };
  return [
    syntax.set('__classroom_tunnel_variable', variable),
    syntax.setList('__classroom_tunnel_watched', commands.map(syntax.quote)),
    ...warnings.map((code) =>
      syntax.set(`__classroom_tunnel_${code.replaceAll('-', '_')}`, syntax.quote(textOf(code))),
    ),
    ...(port === undefined ? [] : [syntax.unlessSet(variable, syntax.export(variable, value))]),
    ...[...(variables ?? [])].map(([name, text]) => syntax.unlessSet(name, syntax.export(name, syntax.quote(text)))),
  ].join('\n');
}

function readSettings(context: ActionContext): ShellSettings {
  try {
    const session = openSession(context.report, context);
    const { config, caller } = session;
    const port = assignedPort(config, caller.user);
    const url = port !== undefined || !dependsOnPort(config.hostname) ? addressOf(session, port ?? 0).url : undefined;
    return {
      commands: config.commands,
      variable: config.portVariable,
      ...(port === undefined ? {} : { port }),
      variables: serverVariables(url),
    };
  } catch (error) {
    if (!(error instanceof FixableError)) throw error;
    return { commands: configDefaults.commands, variable: configDefaults.portVariable, problem: notPublic(error) };
  }
}

const posix: Syntax = {
  quote: (text) => `'${text.replaceAll("'", `'\\''`)}'`,
  set: (name, value) => `${name}=${value}`,
  setList: (name, values) => `${name}=(${values.join(' ')})`,
  export: (name, value) => `export ${name}=${value}`,
  exportSet: (name) => `export ${name}`,
  unlessSet: (name, command) => `[[ -n \${${name}+set} ]] || ${command}`,
};

const fish: Syntax = {
  quote: (text) => `'${text.replace(/[\\']/g, '\\$&')}'`,
  set: (name, value) => `set -g ${name} ${value}`,
  setList: (name, values) => `set -g ${name} ${values.join(' ')}`,
  export: (name, value) => `set -gx ${name} ${value}`,
  exportSet: (name) => `set -gx ${name} $${name}`,
  unlessSet: (name, command) => `set -q ${name}; or ${command}`,
};

const syntaxes: Readonly<Record<Shell, Syntax>> = { bash: posix, zsh: posix, fish };
