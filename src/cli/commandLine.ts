// Parts that the declarations of all commands share.
import type { Command } from 'commander';
import type { ActionContext } from './actions.ts';

export interface CommonOptions {
  readonly json?: boolean;
  readonly sentence?: boolean;
  readonly port?: number;
  readonly watch?: boolean;
}

/** Resolves to an exit code unless that is 0. */
export type Action = (context: ActionContext) => Promise<void> | Promise<number>;
export type Run = (action: Action, options: CommonOptions) => Promise<void>;
/** Runs an action of a teacher's command. */
export type RunAsTeacher = (verb: string, action: Action, options: CommonOptions) => Promise<void>;

/** Declares a command. */
export function command(program: Command, name: string, description: string): Command {
  return program.command(name).description(description).option('--json', 'print one JSON object a line, for programs');
}
