// The command `setup`.
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { connectAdminApi, type AdminApi } from '../../provisioning/adminApi.ts';
import { CallFailure } from '../../provisioning/checkedFetch.ts';
import { configDefaults, parseConfig } from '../../provisioning/config.ts';
import { exitCodes } from '../../messages/exitCodes.ts';
import { permissions, tokenForm } from '../../messages/permissions.ts';
import { FixableError } from '../../provisioning/errors.ts';
import { certificateWarning } from '../../provisioning/hostname.ts';
import type { ActionContext } from '../actions.ts';
import { userName } from '../caller.ts';
import { findSudoRules } from '../sudoRules.ts';
import { findAnswers, type Answers, type SetupOptions } from './answers.ts';
import { atTerminal, cancelled, optionsOnly, type Asker } from './prompts.ts';
import { readKnown, type Known } from './known.ts';
import { findOwners, membersOf, provideFolder, writeText, type Owners } from './files.ts';
import { nextSteps } from './nextSteps.ts';
import { findUnitFolder, provideSocketFolders, provideUnits } from './service.ts';
import { reasonOf } from '../readRegularFile.ts';
import type { Report } from '../report.ts';
import { callDeadline, configFileOf } from '../session.ts';
import { tokenProblem } from '../token.ts';

/**
 * Sets a class up: asks Cloudflare for what the token can see, asks the person for the rest (or takes it from the options), then
 * writes the configuration, the token file and the state folder. A second run starts from the existing files, and replaces
 * nothing without asking.
 * @returns the exit code
 * @throws FixableError
 */
export async function setup(context: ActionContext, options: SetupOptions): Promise<number> {
  const { report, env, stop } = context;
  const isAtTerminal = !options.yes && process.stdin.isTTY && process.stderr.isTTY;
  const asker = isAtTerminal ? await atTerminal() : optionsOnly(options.yes ?? false);
  const file = resolve(configFileOf(env));
  try {
    const known = readKnown(file);
    const tokenFile = resolve(dirname(file), options.tokenFile ?? known.tokenFile ?? 'token');
    const token = await findToken(tokenFile, env, withTokenForm(asker, report));
    report.hide(token);
    const apiBaseUrl = options.apiBaseUrl ?? known.apiBaseUrl ?? configDefaults.apiBaseUrl;
    const account = connectAdminApi({ token, apiBaseUrl, fetch, callDeadline, signal: stop, beforeCall: noBudget });
    const answers = await findAnswers(account, asker, options, known, membersOf);
    const doubt = certificateWarning(answers.hostname);
    if (doubt) report.warn(doubt);
    const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const owners = findOwners(answers.mode, answers.group, options.serviceAccount ?? known.owner, own);
    const plan: Plan = { file, tokenFile, token, answers, owners, apiBaseUrl: options.apiBaseUrl, known };
    if (!(await agrees(plan, asker))) throw cancelled;
    const tunnelId = await provideTunnel(account, answers);
    const changed = write(plan, tunnelId);
    const units = answers.mode === 'service' ? findUnitFolder(options.unitFolder) : undefined;
    if (units !== undefined) changed.push(...provideService(plan, units));
    const { connectorTokenFile } = options;
    if (connectorTokenFile !== undefined)
      changed.push(...(await saveConnectorToken(account, answers.accountId, tunnelId, resolve(connectorTokenFile))));
    const next = nextSteps({
      ...answers,
      configFile: file,
      isDefaultConfigFile: file === configFileOf({}),
      hasService: units !== undefined,
      sudoRules: findSudoRules(),
      connectorTokenFile,
    });
    report.answer(`${changed.length === 0 ? 'Nothing to change.' : `Wrote ${changed.join(', ')}.`}\n\n${next}`, {
      event: 'setup',
      configFile: file,
      tokenFile,
      stateDir: answers.stateDir,
      tunnelId,
      changed,
      next,
    });
    return exitCodes.done;
  } catch (error) {
    if (error !== cancelled) throw error instanceof CallFailure ? error.mendable : error;
    report.warn('Cancelled; nothing was written.');
    return exitCodes.failed;
  }
}

/** The budget of calls is in the state folder, which does not exist yet. */
const noBudget = (): Promise<void> => Promise.resolve();

interface Plan {
  readonly file: string;
  readonly tokenFile: string;
  readonly token: string;
  readonly answers: Answers;
  readonly owners: Owners;
  readonly apiBaseUrl: string | undefined;
  readonly known: Known;
}

/**
 * The token comes from its file, the environment or the keyboard; never from an argument, which every account could see.
 * @throws FixableError `token-unreadable`
 */
async function findToken(tokenFile: string, env: NodeJS.ProcessEnv, asker: Asker): Promise<string> {
  const refuse = (problem: string, file = tokenFile) =>
    new FixableError('token-unreadable', { file, config: configFileOf(env), problem });
  const saved = readIfThere(tokenFile, refuse).trim();
  const token =
    saved ||
    (env['CLOUDFLARE_API_TOKEN'] ?? '').trim() ||
    (await asker.secret({
      flag: `a file ${tokenFile}, or in CLOUDFLARE_API_TOKEN`,
      message: 'The API token',
      check: (text) => (text.length < 20 ? 'This is too short for a token' : tokenProblem(text)),
    }));
  const problem = tokenProblem(token);
  if (problem) throw refuse(problem, saved ? tokenFile : 'CLOUDFLARE_API_TOKEN');
  return token;
}

/** Prints where a token is made before it asks for one. */
function withTokenForm(asker: Asker, report: Report): Asker {
  const { tunnel, records, zone } = permissions;
  return {
    ...asker,
    secret: (question) => {
      const text = `a token is made with this form:\n${tokenForm}\nIt needs these permissions:\n- ${tunnel}\n- ${records}\n- ${zone}`;
      report.progress({ event: 'tokenForm', url: tokenForm, permissions: [tunnel, records, zone] }, text);
      return asker.secret(question);
    },
  };
}

function readIfThere(file: string, refuse: (problem: string) => Error): string {
  try {
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  } catch (error) {
    throw refuse(reasonOf(error));
  }
}

/** The complete new file. Keys that setup does not know are carried through. */
function configText({ file, tokenFile, answers, apiBaseUrl, known }: Plan, tunnelId: string): string {
  const { accountId, zoneId, hostname, ports, stateDir } = answers;
  const beside = dirname(tokenFile) === dirname(file) ? basename(tokenFile) : tokenFile;
  const config = {
    ...known.raw,
    accountId,
    zoneId,
    tunnelId,
    hostname,
    tokenFile: beside,
    stateDir: resolve(stateDir),
    ...ports,
    ...(apiBaseUrl ? { apiBaseUrl } : {}),
  };
  const text = `${JSON.stringify(config, undefined, 2)}\n`;
  parseConfig(file, text, 'machine'); // reports a mistake before anything is written
  return known.text !== undefined && isSame(known.raw, config) ? known.text : text;
}

function isSame(one: object, other: object): boolean {
  const sorted = (object: object) =>
    JSON.stringify(Object.entries(object).sort(([left], [right]) => left.localeCompare(right)));
  return sorted(one) === sorted(other);
}

/** Asks a person before anything is written; without a person, replacing a file takes `--yes`. */
async function agrees(plan: Plan, asker: Asker): Promise<boolean> {
  const {
    answers: { tunnel },
    file,
    known,
  } = plan;
  const text = configText(plan, 'id' in tunnel ? tunnel.id : 'made-when-you-agree');
  if (text === known.text) return true;
  if (known.text === undefined && !asker.isPerson) return true;
  asker.note(file, text.trimEnd());
  return asker.confirm({ flag: '--yes', message: known.text === undefined ? 'Write this?' : `Replace ${file}?` });
}

async function provideTunnel(account: AdminApi, { accountId, tunnel }: Answers): Promise<string> {
  return 'id' in tunnel ? tunnel.id : (await account.createTunnel(accountId, tunnel.create)).id;
}

/** @returns the files that it changed. The configuration comes last, after the files that it names. */
function write(plan: Plan, tunnelId: string): string[] {
  const { file, tokenFile, token, owners, answers } = plan;
  const { uid, gid, tokenMode } = owners;
  const stateDir = resolve(answers.stateDir);
  process.umask(0o022); // every account may pass through the folders above
  return [
    ...(provideFolder(stateDir, owners) ? [stateDir] : []),
    ...(writeText(tokenFile, existsSync(tokenFile) ? readFileSync(tokenFile, 'utf8') : `${token}\n`, {
      mode: tokenMode,
      uid,
      gid,
    })
      ? [tokenFile]
      : []),
    ...(writeText(file, configText(plan, tunnelId), { mode: 0o644 }) ? [file] : []),
  ];
}

function provideService({ file, answers, owners, known }: Plan, folder: string): string[] {
  const stateDir = resolve(answers.stateDir);
  const { commandSocket } = configDefaults;
  return [
    ...provideSocketFolders(stateDir, Object.keys(answers.ports.ports ?? {})),
    ...provideUnits(folder, {
      serviceAccount: userName(owners.uid),
      configFile: file,
      isDefaultConfigFile: file === configFileOf({}),
      stateDir,
      commandSocket: known.commandSocket ?? commandSocket,
    }),
  ];
}

async function saveConnectorToken(
  account: AdminApi,
  accountId: string,
  tunnelId: string,
  file: string,
): Promise<string[]> {
  return writeText(file, `${await account.connectorToken(accountId, tunnelId)}\n`, { mode: 0o600 }) ? [file] : [];
}
