// The command `doctor`.
import type { Config } from '../../provisioning/config.ts';
import { exitCodes } from '../../messages/exitCodes.ts';
import { openStore, type ProvisioningContext } from '../../provisioning/context.ts';
import { FixableError } from '../../provisioning/errors.ts';
import { withLock } from '../../provisioning/lock.ts';
import { certificateWarning } from '../../provisioning/hostname.ts';
import type { ActionContext } from '../actions.ts';
import { connectorAnswers } from '../connectorCheck.ts';
import { examineCloudflare } from './cloudflare.ts';
import { judgeConnector } from './connector.ts';
import { findingsOf, formatFindings, type Check } from './findings.ts';
import { examineAccess, examineConfiguration, examineService, examineSudoRules, examineToken } from './machine.ts';
import { repairAll } from './fix.ts';
import { examineState } from './state.ts';
import { examineStudents } from './students.ts';
import { findSudoRules } from '../sudoRules.ts';
import { examineUnits } from './unit.ts';
import type { Report } from '../report.ts';
import { openSession, openContext, tryReadSession, type Session } from '../session.ts';

/**
 * Checks everything that publishing needs, and says how to fix what is wrong. Without `fix` it changes nothing, here or at Cloudflare.
 * Run by root, it works as the account that owns the state folder.
 * @returns the exit code: 0 where nothing failed (warnings do not count), 78 for the configuration itself, else 1
 */
export async function doctor(context: ActionContext, { fix }: { readonly fix?: boolean } = {}): Promise<number> {
  const { report, env, stop } = context;
  // Read while this is still a process of root.
  const rules = examineSudoRules(findSudoRules());
  const known = tryReadSession(context);
  if (fix && known) await repairAll(context);
  const students = known ? examineStudents((tryReadSession(context) ?? known).config) : [];
  const session = tryOpen(context);
  if (session instanceof FixableError) {
    answer(report, [failure('configuration', session)]);
    return exitCodes.configuration;
  }
  const findings = [...rules, ...(await examine(session, report, env, stop)), ...students];
  answer(report, findings);
  return findings.some(({ level }) => level === 'fail') ? exitCodes.failed : exitCodes.done;
}

async function examine(session: Session, report: Report, env: NodeJS.ProcessEnv, stop: AbortSignal): Promise<Check[]> {
  const { config } = session;
  const hidden = examineAccess(config);
  if (hidden.length > 0) return hidden;
  const { findings, pausedFor } = await examineState(config, Date.now());
  const connector = await connectorAnswers(config);
  const machine = [...examineConfiguration(config), ...examineToken(config), ...examineService(config), ...findings];
  const units = examineUnits('/etc/systemd/system', config.stateDir);
  const local = [...machine, judgeConnector(config, connector), ...units];
  try {
    const context = openContext(session, silent(report), env);
    if (pausedFor === 0) await reserveCalls(context);
    const { token } = context;
    return [
      ...local,
      ...(await examineCloudflare({ config, token, pausedFor, connector, fetch, stop, now: Date.now })),
    ];
  } catch (error) {
    if (!(error instanceof FixableError)) throw error;
    return [...local, failure('token', error), ...withoutCloudflare(config)];
  }
}

/** The calls that the checks at Cloudflare make at most. */
const callsPerRun = 11;

/** Counts the calls before they are made. A process that holds the lock is not waited for. */
async function reserveCalls(context: ProvisioningContext): Promise<void> {
  const { folder, self, rateLimit } = await openStore(context);
  const take = () => rateLimit.take(context.now(), callsPerRun);
  const { newId, now, lockTimes: times } = context;
  const locked = await withLock({ folder, self, newId, now, times }, () => take().then(() => true));
  if (!locked) await take();
}

/** The checks of the hostname that need no call. */
function withoutCloudflare({ hostname }: Config): Check[] {
  const warning = certificateWarning(hostname);
  return warning ? [findingsOf('hostname').warning(warning, 'Change `hostname` in the configuration.')] : [];
}

function tryOpen(context: ActionContext): Session | FixableError {
  try {
    return openSession(silent(context.report), context);
  } catch (error) {
    if (error instanceof FixableError) return error;
    throw error;
  }
}

function failure(check: string, error: FixableError): Check {
  return findingsOf(check).fail(`${error.title}. ${error.message}`, error.action);
}

/** Without warnings: the doctor reports them as findings. */
function silent(report: Report): Report {
  return { ...report, warn: () => undefined };
}

function answer(report: Report, findings: readonly Check[]): void {
  report.answer(formatFindings(findings), {
    event: 'doctor',
    ok: findings.every(({ level }) => level !== 'fail'),
    checks: findings,
  });
}
