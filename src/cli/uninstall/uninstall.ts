// The command `uninstall`.
import { resolve } from 'node:path';
import { exitCodes } from '../../messages/exitCodes.ts';
import { connectAdminApi } from '../../provisioning/adminApi.ts';
import { CallFailure } from '../../provisioning/checkedFetch.ts';
import type { Config } from '../../provisioning/config.ts';
import { FixableError } from '../../provisioning/errors.ts';
import { connectRoundApi } from '../../provisioning/roundApi.ts';
import type { ActionContext } from '../actions.ts';
import { configFileOf } from '../../configFile.ts';
import { callDeadline } from '../session.ts';
import { atTerminal, cancelled } from '../setup/prompts.ts';
import { readToken } from '../token.ts';
import { readClass, readClassConfig, readCloudflare, type ClassToRemove } from './classToRemove.ts';
import { removalSteps, type Removal } from './steps.ts';

export interface UninstallOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  /** Leaves Cloudflare alone: for a token that is gone. */
  readonly local?: boolean;
}

/**
 * Takes a class away: its live sites, then what setup has made, the program last. Shows everything first.
 * @returns the exit code
 * @throws FixableError
 */
export async function uninstall(context: ActionContext, options: UninstallOptions): Promise<number> {
  const { report } = context;
  const configFile = resolve(configFileOf(context.env));
  try {
    const config = readClassConfig(configFile);
    const apis = config && !options.local ? apisOf(context, config) : undefined;
    const cloudflare = apis && config ? await readCloudflare(apis.round, config.machine) : undefined;
    const facts = readClass(configFile, config, cloudflare);
    const left: string[] = [];
    const steps = removalSteps(facts, apis?.admin, (line) => void left.push(line));
    const plan = steps.map(({ title, changes }) => ({ title, changes }));
    const text = steps
      .map(({ title, changes }) => [title, ...changes.map((line) => `  ${line}`)].join('\n'))
      .join('\n');
    if (options.dryRun || steps.length === 0) {
      const remaining = whatIsLeft(facts, options, left);
      const answer = steps.length === 0 ? 'Nothing to remove.' : `Uninstall would do this:\n${text}\n\n${remaining}`;
      report.answer(answer, { event: 'plan', steps: plan, left: remaining });
      return exitCodes.done;
    }
    await confirm(text, options);
    await carryOut(steps, context, left);
    const remaining = whatIsLeft(facts, options, left);
    report.answer(`Done:\n${text}\n\n${remaining}`, { event: 'uninstalled', steps: plan, left: remaining });
    return exitCodes.done;
  } catch (error) {
    if (error !== cancelled) throw error instanceof CallFailure ? error.mendable : error;
    report.warn('Cancelled; nothing was removed.');
    return exitCodes.failed;
  }
}

/** @throws FixableError `token-missing`, `token-unreadable` */
function apisOf({ report, env, stop }: ActionContext, config: Config) {
  const { apiBaseUrl } = config;
  const token = readToken(config, report, env);
  const options = { token, apiBaseUrl, fetch, callDeadline, signal: stop, beforeCall: () => Promise.resolve() };
  return { admin: connectAdminApi(options), round: connectRoundApi({ ...options, ...config }) };
}

/** @throws FixableError `usage` without a person and without `--yes`; `cancelled` */
async function confirm(text: string, { yes }: UninstallOptions): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new FixableError('usage', { problem: 'uninstall takes the whole class away: confirm it with --yes' });
  const asker = await atTerminal();
  asker.note('Uninstall will do this', text);
  if (!(await asker.confirm({ flag: '--yes', message: 'Remove all of this?' }))) throw cancelled;
}

/** @throws FixableError `uninstall-failed` */
async function carryOut(steps: readonly Removal[], { report }: ActionContext, left: string[]): Promise<void> {
  for (const { title, isNeeded, apply } of steps) {
    report.progress({ event: 'step', title }, `${title} …`);
    try {
      await apply();
    } catch (error) {
      const problem = `${title}: ${error instanceof Error ? error.message : String(error)}`;
      if (isNeeded) throw new FixableError('uninstall-failed', { problem }, { cause: error });
      left.push(problem);
    }
  }
}

/** The things that uninstall does not remove, and the reasons. */
function whatIsLeft(
  { made, installed }: ClassToRemove,
  { local }: UninstallOptions,
  problems: readonly string[],
): string {
  const lines = [
    ...problems,
    "The students' accounts and homes: they belong to the students.",
    local
      ? 'Rules, DNS records and the tunnel at Cloudflare: --local left them. Delete the tunnel in the dashboard.'
      : 'The zone, and every rule and record that Classroom Tunnel did not make.',
    ...(made.tunnel || local ? [] : ['The tunnel: setup did not create it.']),
    ...(made.accounts.length > 0 ? [] : ['The service account: setup did not create it.']),
    'The API token at Cloudflare: only you can delete it (https://dash.cloudflare.com/profile/api-tokens).',
    'Packages: Node, cloudflared and code-server.',
    ...(installed.length > 0 ? [] : [`The program ${process.argv[1] ?? ''}: install.sh did not place it.`]),
  ];
  return ['What is left, and why:', ...lines.map((line) => `- ${line}`)].join('\n');
}
