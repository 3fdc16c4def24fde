// The command `roster`: who is in the class, with port and hostname.
import { readFileSync } from 'node:fs';
import { exitCodes } from '../../messages/exitCodes.ts';
import { parseConfig, publicUrl, type Config } from '../../provisioning/config.ts';
import { FixableError } from '../../provisioning/errors.ts';
import { accountOf, groupMembers } from '../accounts.ts';
import type { ActionContext } from '../actions.ts';
import { checkUsers, takeDown } from '../controls.ts';
import { reasonOf } from '../readRegularFile.ts';
import { readSession } from '../session.ts';
import { tableLines } from '../table.ts';
import { saveConfig } from '../saveConfig.ts';
import { withRoster } from './configFile.ts';
import type { Student } from './labels.ts';
import { entriesOf, withoutStudents, withStudents, type Change, type Roster } from './plan.ts';
import { provideSocketFolder } from './socketFolder.ts';
import { namesInZone } from './zoneNames.ts';

export interface RosterOptions {
  /** Show what would change, and change nothing. */
  readonly dryRun?: boolean;
  /** The group that `sync` follows. */
  readonly group?: string;
}

/** Shows the roster. */
export function showRoster(context: ActionContext): Promise<number> {
  const { config } = readSession(context);
  context.report.answer(...described(config, { added: [], removed: [], problems: [] }));
  return Promise.resolve(exitCodes.done);
}

/** Adds accounts of this machine. @returns the exit code: 1 where one of them could not be added */
export function addStudents(context: ActionContext, users: readonly string[], options: RosterOptions): Promise<number> {
  checkUsers(users);
  const { config } = readSession(context);
  const isKnown = accountCheck(config);
  const missing = users.filter((user) => !isKnown(user));
  const problems = missing.map(
    (user) => `There is no account ${user} on this machine: \`useradd -m ${user}\` makes it.`,
  );
  const students = users.filter((user) => !missing.includes(user)).map((user): Student => ({ user }));
  return change(context, config, { students, leavers: [], problems }, options);
}

/** Removes students, and takes their sites down. */
export function removeStudents(
  context: ActionContext,
  users: readonly string[],
  options: RosterOptions,
): Promise<number> {
  checkUsers(users);
  return change(context, readSession(context).config, { students: [], leavers: users, problems: [] }, options);
}

/** Adds the students of a CSV file. Nobody is removed. @throws FixableError `file-unreadable` */
export async function importStudents(context: ActionContext, file: string, options: RosterOptions): Promise<number> {
  const { config } = readSession(context);
  const { decode, matchAccounts, parseRoster } = await import('./csv.ts');
  const { students, problems } = matchAccounts(parseRoster(decode(readBytes(file))), accountCheck(config));
  return change(context, config, { students, leavers: [], problems }, options);
}

/** Makes the roster the members of the group. @throws FixableError `usage` if there is no such group */
export function syncStudents(context: ActionContext, options: RosterOptions): Promise<number> {
  const { config } = readSession(context);
  const group = options.group ?? config.studentGroup;
  const members = groupMembers(group);
  if (!members) throw new FixableError('usage', { problem: `there is no group "${group}" on this machine` });
  const leavers = Object.keys(config.ports ?? {}).filter((user) => !members.includes(user));
  return change(context, config, { students: members.map((user) => ({ user })), leavers, problems: [] }, options);
}

interface Wanted {
  readonly students: readonly Student[];
  readonly leavers: readonly string[];
  readonly problems: readonly string[];
}

async function change(context: ActionContext, config: Config, wanted: Wanted, options: RosterOptions): Promise<number> {
  const { roster, added, removed, ...planned } = await plan(context, config, wanted);
  const after = { ...config, ...roster };
  const isChanged = JSON.stringify(roster) !== JSON.stringify(rosterOf(config));
  if (isChanged && !options.dryRun) {
    saveConfig(
      config.file,
      (text) => withRoster(text, roster),
      (text) => parseConfig(config.file, text, config.machine),
    );
    for (const user of added) provideSocketFolder(config.stateDir, user);
  }
  const problems = [
    ...planned.problems,
    ...(removed.length > 0 && !options.dryRun ? await takenDown(context, removed) : []),
  ];
  context.report.answer(...described(after, { added, removed, problems, dryRun: options.dryRun ?? false }));
  for (const problem of problems) context.report.warn(problem);
  return problems.length > 0 ? exitCodes.failed : exitCodes.done;
}

/** @returns the problem that kept sites up, if any */
async function takenDown(context: ActionContext, users: readonly string[]): Promise<string[]> {
  try {
    await takeDown(context, users);
    return [];
  } catch (error) {
    if (!(error instanceof FixableError)) throw error;
    return [`The sites of ${users.join(', ')} could not be taken down. ${error.message} ${error.action}`];
  }
}

async function plan(context: ActionContext, config: Config, { students, leavers, problems }: Wanted): Promise<Change> {
  const without = withoutStudents(rosterOf(config), leavers);
  const first = withStudents(without.roster, students, config, new Set());
  const hostnames = entriesOf(first.roster, config).filter(({ user }) => first.added.includes(user));
  const taken = await namesInZone(
    context,
    config,
    hostnames.map(({ hostname }) => hostname),
  );
  const last = taken.size > 0 ? withStudents(without.roster, students, config, taken) : first;
  return { ...last, removed: without.removed, problems: [...problems, ...without.problems, ...last.problems] };
}

/** The roster's keys of a configuration. */
type Keys = { readonly [K in keyof Roster]?: Roster[K] | undefined };
type Named = Pick<Config, 'hostname' | 'machine' | 'publicUrl'> & Keys;

function rosterOf({ ports = {}, labels = {}, names = {}, formerPorts = {}, portRange }: Keys): Roster {
  return { ports, labels, names, formerPorts, ...(portRange && { portRange }) };
}

function described(
  config: Named,
  { added, removed, problems, dryRun }: Omit<Change, 'roster'> & { readonly dryRun?: boolean },
): [text: string, event: Readonly<Record<string, unknown>>] {
  const students = entriesOf(rosterOf(config), config).map(({ name, ...entry }) => ({
    ...entry,
    url: publicUrl(config, entry.hostname),
    name: name ?? null,
  }));
  const rows = students.map(({ user, port, url, name }) => [user, String(port), url, name ?? '']);
  const table =
    rows.length > 0 ? tableLines([['USER', 'PORT', 'SITE', 'NAME'], ...rows]) : ['Nobody is on the roster.'];
  const did = (what: string, users: readonly string[]) =>
    users.length > 0 ? [`${dryRun ? 'Would be ' : ''}${what}: ${users.join(', ')}.`] : [];
  const text = [...table, ...did('added', added), ...did('removed', removed)].join('\n');
  return [text, { event: 'roster', students, added, removed, problems, dryRun: dryRun ?? false }];
}

/** Every name counts as an account if callers name themselves, as in demos and tests. */
function accountCheck({ allowUserOverride }: Config): (user: string) => boolean {
  return allowUserOverride ? () => true : (user) => accountOf(user) !== undefined;
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new FixableError('file-unreadable', { file, problem: reasonOf(error) });
  }
}
