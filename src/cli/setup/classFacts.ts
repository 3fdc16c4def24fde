// Gathers what the steps of a class are made from, and tells what they leave to do.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { userName } from '../caller.ts';
import { configFileOf } from '../../configFile.ts';
import { FixableError } from '../../provisioning/errors.ts';
import { findSudoRules } from '../sudoRules.ts';
import type { Answers, SetupOptions } from './answers.ts';
import type { ClassFacts } from './classSteps.ts';
import { connectorTokenFileOf } from './connectorSteps.ts';
import type { Known } from './known.ts';
import { nextSteps } from './nextSteps.ts';
import type { PlannedStep } from './steps.ts';
import { openStudent } from './studentAccount.ts';
import { idOf, membersOf } from './system.ts';
import type { ThisMachine } from './thisMachine.ts';
import { connectorUnit } from './units.ts';
import { windowsTitle } from './windows.ts';

export const systemUnitFolder = '/etc/systemd/system';

interface Given {
  readonly configFile: string;
  readonly machine: ThisMachine;
  readonly tokenFile: string;
  readonly tokenText: string;
  readonly answers: Answers;
  readonly known: Known;
  readonly options: SetupOptions;
}

/** The facts of a class, with those of this run. */
export interface GatheredFacts extends ClassFacts {
  /** The units are this machine's own. */
  readonly startsUnits: boolean;
  /** Everyone in the group, also those who join it now. */
  readonly members: readonly string[];
  readonly isConnected: boolean;
}

/** @throws FixableError `setup-incomplete` */
export function gatherFacts({ options, ...given }: Given): GatheredFacts {
  const { configFile, machine, answers, known } = given;
  if (answers.mode === 'shared' && !machine.isRoot && idOf('group', answers.group) === undefined)
    throw new FixableError('setup-incomplete', {
      problem: `There is no group "${answers.group}" on this machine: \`groupadd ${answers.group}\` as root makes it`,
      flag: '--group NAME',
    });
  const mayInstall = machine.isRoot && machine.hasSystemd;
  const unitFolder = options.unitFolder ?? (mayInstall ? systemUnitFolder : undefined);
  const startsUnits = unitFolder === systemUnitFolder;
  const members = [...new Set([...membersOf(answers.group), ...answers.newMembers])];
  const isConnected = 'id' in answers.tunnel && answers.tunnel.isConnected;
  const hasOwnUnit = unitFolder !== undefined && existsSync(join(unitFolder, connectorUnit));
  const students = machine.isRoot && startsUnits ? members.flatMap((user) => openStudent(user) ?? []) : [];
  return {
    ...given,
    isDefaultConfigFile: configFile === configFileOf({}),
    apiBaseUrl: options.apiBaseUrl,
    serviceAccount:
      answers.mode === 'service' ? serviceAccountOf(machine, options.serviceAccount ?? known.owner) : undefined,
    unitFolder,
    startsUnits,
    connectorTokenFile: resolve(options.connectorTokenFile ?? connectorTokenFileOf(configFile, unitFolder)),
    savesConnectorToken: options.connectorTokenFile !== undefined,
    installsConnector: unitFolder !== undefined && machine.cloudflared !== undefined && (!isConnected || hasOwnUnit),
    students,
    members,
    isConnected,
  };
}

/** Only root can give files to another account, so any other caller is the service account. */
function serviceAccountOf({ isRoot }: ThisMachine, wanted: string | undefined): string {
  const name = isRoot ? (wanted ?? 'classroom-tunnel') : userName(process.getuid?.() ?? 0);
  if (isRoot && name === 'root')
    throw new FixableError('setup-incomplete', {
      problem: 'The service account must not be root: students act as it',
      flag: '--service-account NAME',
    });
  return name;
}

/** @param problems what steps have reported */
export function leftToDo(facts: GatheredFacts, problems: readonly string[], planned: readonly PlannedStep[]): string {
  const { answers, unitFolder, members, students, installsConnector, isConnected } = facts;
  const withWindow = new Set(students.map(({ user }) => user));
  return nextSteps({
    configFile: facts.configFile,
    isDefaultConfigFile: facts.isDefaultConfigFile,
    hostname: answers.hostname,
    group: answers.group,
    lacksService: answers.mode === 'service' && unitFolder === undefined,
    lacksConnector: !installsConnector && !isConnected,
    lacksStudents: members.length === 0,
    withoutWindow:
      facts.startsUnits || members.length === 0 ? members.filter((user) => !withWindow.has(user)) : members,
    hasNewWindows: planned.some(({ step }) => step.title === windowsTitle),
    problems,
    sudoRules: findSudoRules(),
  });
}
