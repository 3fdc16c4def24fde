// Tells the changes that `stop`, `gc` and `restore` would make, from the state on this machine. It makes none of them, and no call.
import { hostname } from 'node:os';
import { openStore } from '../provisioning/context.ts';
import { identifyOnHost, livenessOf } from '../provisioning/processIdentity.ts';
import { readState, type ActionContext } from './actions.ts';
import { openContext, openSession } from './session.ts';

/** @param users undefined: everyone's sites */
export async function planStop(context: ActionContext, users: readonly string[] | undefined): Promise<void> {
  const { config } = openSession(context.report, context);
  const { publications } = await readState(config, context.report);
  const sites = [...publications.values()].filter(({ user }) => users?.includes(user) ?? true);
  answer(context, [['Take down', sites.map((site) => site.hostname)]]);
}

/** @param options `timer`: idle DNS records whose time is not over stay, as `gc --timer` leaves them */
export async function planCollect(context: ActionContext, { timer }: { readonly timer?: boolean }): Promise<void> {
  const { config } = openSession(context.report, context);
  const { publications, unsettled, idle } = await readState(config, context.report);
  const self = identifyOnHost(process.pid, hostname());
  const unheld = [...publications.values()].filter(({ holders }) =>
    holders.every(({ process: holder }) => holder && livenessOf(holder, self) === 'dead'),
  );
  const oldest = timer ? Date.now() - config.keepRecordMinutes * 60_000 : Infinity;
  const records = [...idle].filter(([, { idleSince }]) => Date.parse(idleSince) <= oldest);
  answer(context, [
    ['Take down, because no holder lives', unheld.map((site) => site.hostname)],
    ['Remove the idle DNS record of', records.map(([name]) => name)],
    ['Finish the interrupted change of', [...unsettled.keys()]],
  ]);
}

/** @throws FixableError if no configuration of this name is kept */
export async function planRestore(context: ActionContext, name: string): Promise<void> {
  const session = openSession(context.report, context);
  const store = await openStore(openContext(session, context.report, context.env));
  const { config } = await store.history.get(name);
  const { publications } = await readState(session.config, context.report);
  const rules = (config.ingress ?? []).map((rule) => `${rule.hostname ?? 'every other name'} → ${rule.service}`);
  answer(context, [
    ['Put back these rules', rules],
    ['Keep what is live now', [...publications.keys()]],
  ]);
}

function answer(
  { report }: ActionContext,
  plan: readonly (readonly [title: string, changes: readonly string[]])[],
): void {
  const steps = plan.flatMap(([title, changes]) => (changes.length > 0 ? [{ title, changes }] : []));
  const text = steps.map(({ title, changes }) => [`${title}:`, ...changes.map((line) => `  ${line}`)].join('\n'));
  report.answer(text.join('\n') || 'There is nothing to do.', { event: 'plan', steps });
}
