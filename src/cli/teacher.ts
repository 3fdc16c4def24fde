// The teacher's command `restore`.
import { localTime } from '../provisioning/controls.ts';
import { CallFailure } from '../provisioning/checkedFetch.ts';
import { Publisher } from '../provisioning/publisher.ts';
import type { ActionContext } from './actions.ts';
import { settleAfterRestore } from './restore.ts';
import { tableLines } from './table.ts';
import { openSession, openContext } from './session.ts';

/** Shows the replaced configurations, or puts one back and adds what is live to it. */
export async function restore(context: ActionContext, name: string | undefined, localTimes: boolean): Promise<void> {
  const { report, env, stop } = context;
  const session = openSession(report, context);
  const publisher = await Publisher.open(openContext(session, report, env));
  if (name !== undefined) {
    const { config } = await publisher.store.history.get(name);
    const version = await publisher.restore(name, session.caller.user, stop).catch(explainable);
    const live = await settleAfterRestore(publisher, session.config, config, stop);
    report.answer(
      `Put back ${name}, with what is live now in it (${live.length === 0 ? 'nothing' : live.join(', ')}).`,
      { event: 'restored', name, version, live },
    );
    return;
  }
  const kept = await publisher.store.history.list();
  const now = new Date().toISOString();
  const rows = kept.map(({ name, at, version, config }) => ({ name, at, version, rules: config.ingress?.length ?? 0 }));
  report.answer(
    rows.length === 0
      ? 'No configuration has been replaced yet.'
      : tableText([
          ['NAME', 'REPLACED AT', 'VERSION', 'RULES'],
          ...rows.map((row) => [
            row.name,
            localTimes ? localTime(row.at, now) : row.at,
            String(row.version),
            String(row.rules),
          ]),
        ]),
    { event: 'configurations', configurations: rows },
  );
}

/** A failed call as the message for a person that it carries. */
function explainable(error: unknown): never {
  throw error instanceof CallFailure ? error.mendable : error;
}

const tableText = (rows: readonly (readonly string[])[]): string => tableLines(rows).join('\n');
