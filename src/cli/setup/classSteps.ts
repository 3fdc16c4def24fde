// The steps that set up a class, in their order. What a later step needs of an earlier one is in `Progress`.
import { basename, dirname, join, resolve } from 'node:path';
import { version } from '../../../package.json';
import type { AdminApi } from '../../provisioning/adminApi.ts';
import { configDefaults } from '../../provisioning/config.ts';
import { socketFolder } from '../../provisioning/stateFolder.ts';
import type { Answers } from './answers.ts';
import { configText, type ConfigFacts } from './configText.ts';
import { connectorSteps } from './connectorSteps.ts';
import type { Ledger } from './ledger.ts';
import type { Known } from './known.ts';
import type { MadeWindow } from './made.ts';
import { machineSettings, trustedDomain } from './nextSteps.ts';
import { resourceStep, type Owner, type Place, type Resource } from './resources.ts';
import type { Step } from './steps.ts';
import type { StudentAccount } from './studentAccount.ts';
import { idOf, primaryGroupOf } from './system.ts';
import type { ThisMachine } from './thisMachine.ts';
import { enabledUnits, unitFiles } from './units.ts';
import { unitResources, unitStep, type Systemd } from './unitStep.ts';
import { windowsStep } from './windows.ts';

/** Everything that the class is set up from. */
export interface ClassFacts {
  readonly configFile: string;
  readonly isDefaultConfigFile: boolean;
  readonly tokenFile: string;
  readonly tokenText: string;
  readonly apiBaseUrl: string | undefined;
  readonly answers: Answers;
  readonly known: Known;
  readonly machine: ThisMachine;
  /** In service mode, of a set-up by root. */
  readonly serviceAccount: string | undefined;
  /** Undefined: no units. */
  readonly unitFolder: string | undefined;
  readonly connectorTokenFile: string;
  readonly installsConnector: boolean;
  readonly savesConnectorToken: boolean;
  /** The students whose code-server is set up. */
  readonly students: readonly StudentAccount[];
}

/** The effects of the steps. */
export interface Effects {
  readonly place: Place;
  readonly systemd: Systemd | undefined;
  readonly api: AdminApi;
  readonly ledger: Ledger;
  /** Told in one line what a step has left to the teacher. */
  readonly onProblem: (line: string) => void;
}

/** The tunnel's id and token, as far as the steps so far have found them. */
export interface Progress {
  tunnelId: string | undefined;
  connectorToken: string | undefined;
}

export function classSteps(facts: ClassFacts, effects: Effects, progress: Progress): Step[] {
  const { place, ledger } = effects;
  const owner = ownerOf(facts);
  return [
    resourceStep(
      'Accounts and groups',
      () => accountsOf(facts),
      place,
      (made) => ledger.addResources(made),
    ),
    resourceStep('State folder and API token', () => secretsOf(facts, owner), place),
    tunnelStep(facts, effects, progress),
    resourceStep('Configuration', () => [configOf(facts, progress)], place),
    ...serviceSteps(facts, effects),
    ...connectorSteps(facts, effects, progress),
    ...windowSteps(facts, effects),
  ];
}

/** The service account owns token and state, alone; in shared mode the students' group may use both. */
function ownerOf({ answers, serviceAccount, machine }: ClassFacts): Owner | undefined {
  if (answers.mode === 'shared') return { user: process.getuid?.() ?? 0, group: answers.group };
  return machine.isRoot && serviceAccount !== undefined
    ? { user: serviceAccount, group: primaryGroupOf(serviceAccount) ?? serviceAccount } // made with a group of its own name
    : undefined;
}

function accountsOf({ answers, serviceAccount, machine }: ClassFacts): Resource[] {
  if (!machine.isRoot) return [];
  const { group, newMembers, mode } = answers;
  return [
    { kind: 'group', name: group },
    ...newMembers.map((user): Resource => ({ kind: 'member', user, group })),
    ...(mode === 'service' && serviceAccount !== undefined ? [{ kind: 'account', name: serviceAccount } as const] : []),
  ];
}

function secretsOf({ answers, tokenFile, tokenText }: ClassFacts, owner: Owner | undefined): Resource[] {
  const isShared = answers.mode === 'shared';
  const owned = owner === undefined ? {} : { owner };
  return [
    { kind: 'folder', path: resolve(answers.stateDir), mode: isShared ? 0o2771 : 0o711, ...owned },
    { kind: 'file', path: tokenFile, mode: isShared ? 0o640 : 0o600, text: tokenText, ...owned },
  ];
}

function tunnelStep({ answers }: ClassFacts, { api, ledger }: Effects, progress: Progress): Step {
  const { accountId, tunnel } = answers;
  const name = 'create' in tunnel ? tunnel.create : undefined;
  let made: string | undefined;
  return {
    title: 'Tunnel',
    plan: () =>
      name === undefined || progress.tunnelId !== undefined
        ? []
        : [`call POST /accounts/${accountId}/cfd_tunnel: make the tunnel ${name}`],
    async apply() {
      if (name === undefined) return;
      made = (await api.createTunnel(accountId, name)).id;
      progress.tunnelId = made;
      ledger.change((now) => ({ ...now, tunnel: { accountId, id: progress.tunnelId ?? '', name } }));
      progress.connectorToken = await api.connectorToken(accountId, made);
    },
    async verify() {
      return made === undefined || (await api.tunnel(accountId, made)).id === made ? undefined : 'it is not there';
    },
    async undo() {
      if (made !== undefined) await api.deleteTunnel(accountId, made);
      progress.tunnelId = undefined;
    },
  };
}

/** Every account may read the configuration: windows and commands do. */
function configOf(facts: ClassFacts, { tunnelId }: Progress): Resource {
  const { configFile: path, tokenFile, answers, apiBaseUrl, known } = facts;
  const beside = dirname(tokenFile) === dirname(path) ? basename(tokenFile) : tokenFile;
  const config: ConfigFacts = { file: path, tokenFile: beside, answers, apiBaseUrl, known, tunnelId };
  return { kind: 'file', path, mode: 0o644, text: configText(config), keepsOld: true };
}

function serviceSteps(facts: ClassFacts, { place, systemd, ledger }: Effects): Step[] {
  const { answers, known, machine, unitFolder, serviceAccount, configFile, isDefaultConfigFile } = facts;
  const { node, program } = machine;
  if (answers.mode !== 'service' || unitFolder === undefined || node === undefined || program === undefined) return [];
  const stateDir = resolve(answers.stateDir);
  const units = unitFiles({
    node,
    program,
    serviceAccount: serviceAccount ?? '',
    configFile,
    isDefaultConfigFile,
    stateDir,
    commandSocket: known.commandSocket ?? configDefaults.commandSocket,
  });
  const users = Object.keys(answers.ports.ports ?? {});
  return [
    resourceStep("Folders of the students' relays", () => socketFolders(stateDir, users), place),
    ledger.noting(
      unitStep('Service and timer', () => unitResources(unitFolder, units), enabledUnits, place, systemd),
      (made) => ({ ...made, unitFolder }),
    ),
  ];
}

/** Every user has a folder for their relay's sockets, in a folder that belongs to root: no other account can take its name. */
function socketFolders(stateDir: string, users: readonly string[]): Resource[] {
  const sockets = join(stateDir, socketFolder);
  const folder = (path: string, user: number, group: number): Resource => ({
    kind: 'folder',
    path,
    mode: 0o755,
    owner: { user, group },
  });
  const own = users.flatMap((user) => {
    const [uid, gid] = [idOf('passwd', user), primaryGroupOf(user)];
    return uid === undefined || gid === undefined ? [] : [folder(join(sockets, String(uid)), uid, gid)];
  });
  return [folder(sockets, 0, 0), ...own];
}

function windowSteps({ students, answers, machine, ...place }: ClassFacts, { ledger, onProblem }: Effects): Step[] {
  const { vsix } = machine;
  if (students.length === 0 || vsix === undefined) return [];
  const wishes = { version, vsix, settings: machineSettings(place), trustedDomain: trustedDomain(answers.hostname) };
  const onMade = (user: string, added: MadeWindow) =>
    ledger.change((made) => ({ ...made, windows: { ...made.windows, [user]: addWindow(made.windows[user], added) } }));
  return [windowsStep(students, wishes, { onMade, onProblem })];
}

function addWindow(known: MadeWindow | undefined, added: MadeWindow): MadeWindow {
  if (known === undefined) return added;
  return {
    ...known,
    ...added,
    extension: known.extension || added.extension,
    settings: [...new Set([...known.settings, ...added.settings])],
  };
}
