// Parts that the declarations of all commands share.
import type { Command } from 'commander';
import type { ActionContext } from './actions.ts';
import type { Confirmation } from './confirm.ts';

export interface CommonOptions {
  readonly json?: boolean;
  readonly sentence?: boolean;
  readonly port?: number;
  readonly watch?: boolean;
}

/** The options of a command that takes something away. */
export interface TakingOptions extends CommonOptions, Confirmation {}

/** Resolves to an exit code unless that is 0. */
export type Action = (context: ActionContext) => Promise<void> | Promise<number>;
export type Run = (action: Action, options: TakingOptions) => Promise<void>;
/** Runs an action of a teacher's command. */
export type RunAsTeacher = (verb: string, action: Action, options: TakingOptions) => Promise<void>;

/** Declares a command. */
export function command(program: Command, name: string, description: string): Command {
  return program.command(name).description(description).option('--json', 'print one JSON object a line, for programs');
}

/** Adds `--dry-run` and `--yes`. */
export function takingCommand(program: Command, name: string, description: string): Command {
  return command(program, name, description)
    .option('--dry-run', 'show what would be done, and change nothing')
    .option('-y, --yes', 'do not ask at a terminal');
}
