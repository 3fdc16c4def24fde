// `doctor --fix`: puts right what only this machine needs, after saying what.
import type { Config } from '../../provisioning/config.ts';
import { accountOf, groupMembers } from '../accounts.ts';
import type { ActionContext } from '../actions.ts';
import { addStudents } from '../roster/roster.ts';
import { provideSocketFolder } from '../roster/socketFolder.ts';
import { readSession } from '../session.ts';

/** A change that puts a fault right. */
export interface Repair {
  /** The sentence for the person, before it is done. */
  readonly what: string;
  readonly work: () => unknown;
}

/** Puts everything right that can be. Call it before a process of root becomes the owner of the state folder. */
export async function repairAll(context: ActionContext): Promise<void> {
  for (const { what, work } of repairsOf(context, readSession(context).config)) {
    context.report.progress({ event: 'fixing', what }, what);
    await work();
  }
}

function repairsOf(context: ActionContext, config: Config): Repair[] {
  const { ports } = config;
  if (!ports || config.allowUserOverride) return [];
  const missing = (groupMembers(config.studentGroup) ?? []).filter((user) => !Object.hasOwn(ports, user));
  const accounts = Object.keys(ports).filter((user) => accountOf(user) !== undefined);
  const quiet = { ...context, report: { ...context.report, answer: () => undefined } };
  return [
    ...(missing.length > 0
      ? [{ what: `adding ${missing.join(', ')} to the roster`, work: () => addStudents(quiet, missing, {}) }]
      : []),
    ...(accounts.length > 0
      ? [
          {
            what: 'making the folders of relay sockets that are missing',
            work: () => accounts.forEach((user) => provideSocketFolder(config.stateDir, user)),
          },
        ]
      : []),
  ];
}
