// The command `setup`.
import { dirname, resolve } from 'node:path';
import { connectAdminApi, type AdminApi } from '../../provisioning/adminApi.ts';
import { CallFailure } from '../../provisioning/checkedFetch.ts';
import { configDefaults } from '../../provisioning/config.ts';
import { exitCodes } from '../../messages/exitCodes.ts';
import { certificateWarning } from '../../provisioning/hostname.ts';
import type { ActionContext } from '../actions.ts';
import { configFileOf } from '../../configFile.ts';
import { callDeadline } from '../session.ts';
import type { Report } from '../report.ts';
import { findAnswers, type SetupOptions } from './answers.ts';
import { readAnswers } from './answersFile.ts';
import { classSteps, type Progress } from './classSteps.ts';
import { gatherFacts, leftToDo } from './classFacts.ts';
import { readKnown } from './known.ts';
import { Ledger } from './ledger.ts';
import { localPlace } from './localPlace.ts';
import { atTerminal, cancelled, optionsOnly, type Asker } from './prompts.ts';
import { formatPlan, planSteps, runSteps, type PlannedStep } from './steps.ts';
import { localAccounts } from './students.ts';
import { checkMachine, describeMachine, lookAtMachine } from './thisMachine.ts';
import { findToken, tokenRefusal } from './token.ts';
import { localSystemd } from './unitStep.ts';

/**
 * Sets a class up: asks Cloudflare for what the token can see, asks the person for the rest (or takes it from the options), shows
 * every change, and makes the changes after a yes. If one fails, all are undone. A second run starts from the existing files.
 * @returns the exit code
 * @throws FixableError
 */
export async function setup(context: ActionContext, given: SetupOptions): Promise<number> {
  const { report, env } = context;
  const options = given.answers === undefined ? given : { ...readAnswers(given.answers), ...given };
  const isAtTerminal = !options.yes && process.stdin.isTTY && process.stderr.isTTY;
  const asker = isAtTerminal ? await atTerminal() : optionsOnly(options.yes ?? false);
  const configFile = resolve(configFileOf(env));
  const machine = lookAtMachine(process.argv[1] ?? '', env);
  try {
    if (!options.dryRun) checkMachine(machine, configFile);
    if (asker.isPerson) report.progress({ event: 'machine', ...machine }, describeMachine(machine));
    return await setUpClass(context, options, asker, { configFile, machine });
  } catch (error) {
    if (error !== cancelled) throw error instanceof CallFailure ? error.mendable : error;
    report.warn('Cancelled; nothing was written.');
    return exitCodes.failed;
  }
}

type Place = Pick<Parameters<typeof gatherFacts>[0], 'configFile' | 'machine'>;

async function setUpClass(
  context: ActionContext,
  options: SetupOptions,
  asker: Asker,
  { configFile, machine }: Place,
): Promise<number> {
  const { report, env, stop } = context;
  const known = readKnown(configFile);
  const tokenFile = resolve(dirname(configFile), options.tokenFile ?? known.tokenFile ?? 'token');
  const apiBaseUrl = options.apiBaseUrl ?? known.apiBaseUrl ?? configDefaults.apiBaseUrl;
  const apiOf = (token: string) =>
    connectAdminApi({ token, apiBaseUrl, fetch, callDeadline, signal: stop, beforeCall: noBudget });
  const hasZone = (options.zone ?? known.zoneId) !== undefined;
  const refusal = (token: string) => tokenRefusal(apiOf(token), hasZone, options.account ?? known.accountId);
  const { token, fileText } = await findToken({ tokenFile, env, asker, report, refusal });
  const api = apiOf(token);
  const answers = await findAnswers(api, asker, options, known, localAccounts);
  const doubt = certificateWarning(answers.hostname);
  if (doubt) report.warn(doubt);
  const facts = gatherFacts({ configFile, machine, tokenFile, tokenText: fileText, answers, known, options });
  const progress = await readProgress(api, facts);
  const problems: string[] = [];
  const ledger = new Ledger(configFile, localPlace);
  const systemd = facts.startsUnits ? localSystemd : undefined;
  const effects = { place: localPlace, systemd, api, ledger, onProblem: (line: string) => void problems.push(line) };
  const planned = planSteps(classSteps(facts, effects, progress));
  if (options.dryRun) return answerPlan(report, planned);
  if (!(await agrees(planned, configFile, known.text !== undefined, asker))) throw cancelled;
  await carryOut(planned, ledger, report);
  const next = leftToDo(facts, problems, planned);
  const changed = planned.flatMap(({ changes }) => changes);
  const text = changed.length === 0 ? 'Nothing to change.' : `Done:\n${formatPlan(planned)}`;
  const { stateDir } = answers;
  const { tunnelId } = progress;
  report.answer(`${text}\n\n${next}`, { event: 'setup', configFile, tokenFile, stateDir, tunnelId, changed, next });
  return exitCodes.done;
}

/** The budget of calls is in the state folder, which does not exist yet. */
const noBudget = (): Promise<void> => Promise.resolve();

/** Reads the connector's token where the tunnel exists, so that the plan can tell whether its file is right. */
async function readProgress(api: AdminApi, facts: ReturnType<typeof gatherFacts>): Promise<Progress> {
  const { answers, installsConnector, savesConnectorToken } = facts;
  const tunnelId = 'id' in answers.tunnel ? answers.tunnel.id : undefined;
  const isNeeded = tunnelId !== undefined && (installsConnector || savesConnectorToken);
  return { tunnelId, connectorToken: isNeeded ? await api.connectorToken(answers.accountId, tunnelId) : undefined };
}

function answerPlan(report: Report, planned: readonly PlannedStep[]): number {
  const text = planned.length === 0 ? 'Nothing to change.' : `Setup would do this:\n${formatPlan(planned)}`;
  const steps = planned.map(({ step, changes }) => ({ title: step.title, changes }));
  report.answer(text, { event: 'plan', steps });
  return exitCodes.done;
}

/** Asks a person before anything is changed. Without a person, it takes `--yes`. @throws FixableError `setup-incomplete` */
async function agrees(
  planned: readonly PlannedStep[],
  configFile: string,
  isSecond: boolean,
  asker: Asker,
): Promise<boolean> {
  if (planned.length === 0) return true;
  if (!asker.isPerson) {
    const replaces = planned.some(({ step, changes }) => step.title === 'Configuration' && changes.length > 0);
    const message = isSecond && replaces ? `Replace ${configFile}?` : 'Make these changes?';
    return asker.confirm({ flag: '--yes', message });
  }
  asker.note('Setup will do this', formatPlan(planned));
  return asker.confirm({ flag: '--yes', message: 'Make these changes?' });
}

async function carryOut(planned: readonly PlannedStep[], ledger: Ledger, report: Report): Promise<void> {
  process.umask(0o022); // every account may pass through the folders above
  try {
    await runSteps(planned, ({ title }) => report.progress({ event: 'step', title }, `${title} …`));
  } catch (error) {
    ledger.restore();
    throw error;
  }
}
