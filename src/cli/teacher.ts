// The teacher's commands that are needed often: list and restore.
import { CallFailure } from '../provisioning/checkedFetch.ts';
import { currentControls, localTime } from '../provisioning/controls.ts';
import { Publisher } from '../provisioning/publisher.ts';
import { readState, type ActionContext } from './actions.ts';
import { settleAfterRestore } from './restore.ts';
import { tableLines } from './table.ts';
import { openSession, openContext } from './session.ts';

/** Shows what is live, stopped and paused. */
export async function list(context: ActionContext): Promise<void> {
  const { report } = context;
  const { publications, controls } = await readState(openSession(report, context).config, report);
  const now = new Date().toISOString();
  const { stops, pauses } = currentControls(controls, now);
  const rows = [...publications.values()].map(({ user, port, hostname, since, holders }) => ({
    user,
    port,
    hostname,
    since,
    holders: holders.map((holder) => holder.id),
  }));
  const columns = rows.map((row) => [row.user, String(row.port), row.hostname, row.since, row.holders.join(' ')]);
  const live =
    rows.length === 0 ? 'No site is live.' : tableText([['USER', 'PORT', 'HOSTNAME', 'SINCE', 'HELD BY'], ...columns]);
  const lines = [
    ...stops.map(
      ({ user, since, sites }) =>
        `Stopped: ${[user, ...sites.map(({ hostname }) => `(${hostname})`)].join(' ')} since ${localTime(since, now)}`,
    ),
    ...pauses.map(
      ({ user = 'everyone', until, message }) =>
        `Paused: ${user}${until ? ` until ${localTime(until, now)}` : ''}${message ? `: ${message}` : ''}`,
    ),
  ];
  report.answer([live, ...lines].join('\n'), {
    event: 'list',
    publications: rows,
    stopped: stops.flatMap(({ user, since, sites }) =>
      (sites.length > 0 ? sites : [{ port: null, hostname: null }]).map(({ port, hostname }) => ({
        ...{ user, port, hostname, since },
      })),
    ),
    paused: pauses.map(({ user = null, since, until = null, message = null }) => ({ user, since, until, message })),
  });
}

/** Shows the replaced configurations, or puts one back and adds what is live to it. */
export async function restore(context: ActionContext, name: string | undefined): Promise<void> {
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
  const rows = kept.map(({ name, at, version, config }) => ({ name, at, version, rules: config.ingress?.length ?? 0 }));
  report.answer(
    rows.length === 0
      ? 'No configuration has been replaced yet.'
      : tableText([
          ['NAME', 'REPLACED AT', 'VERSION', 'RULES'],
          ...rows.map((row) => [row.name, row.at, String(row.version), String(row.rules)]),
        ]),
    { event: 'configurations', configurations: rows },
  );
}

/** A failed call as the message for a person that it carries. */
function explainable(error: unknown): never {
  throw error instanceof CallFailure ? error.mendable : error;
}

const tableText = (rows: readonly (readonly string[])[]): string => tableLines(rows).join('\n');
