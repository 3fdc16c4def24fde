// The answers that setup needs, from the options, Cloudflare or a person.
import type { AdminApi, TunnelFacts } from '../../provisioning/adminApi.ts';
import { configDefaults } from '../../provisioning/config.ts';
import { FixableError } from '../../provisioning/errors.ts';
import { certificateWarning, makeHostname } from '../../provisioning/hostname.ts';
import { whyNot, type Asker, type Choice, type Question } from './prompts.ts';
import { findPorts, type PortKeys } from './ports.ts';
import { findStudents } from './students.ts';
import { findZone } from './zone.ts';

/** The options of the command; setup finds or asks for what they leave open. */
export interface SetupOptions {
  readonly tokenFile?: string;
  readonly account?: string;
  readonly zone?: string;
  readonly tunnel?: string;
  readonly createTunnel?: string;
  readonly hostname?: string;
  readonly stateDir?: string;
  readonly mode?: Mode;
  readonly group?: string;
  /** Accounts that become members of the group. */
  readonly students?: readonly string[];
  readonly serviceAccount?: string;
  readonly ports?: PortKeys;
  readonly portRange?: PortKeys;
  readonly connectorTokenFile?: string;
  readonly unitFolder?: string;
  readonly apiBaseUrl?: string;
  /** A JSON file with more of these options. */
  readonly answers?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** The accounts that may use the token: the service's, or the students' group. */
export type Mode = 'service' | 'shared';

/** The keys of a configuration file that setup knows; it carries the others through. */
export interface ConfigKeys extends PortKeys {
  readonly accountId?: string;
  readonly zoneId?: string;
  readonly tunnelId?: string;
  readonly hostname?: string;
  readonly stateDir?: string;
  readonly tokenFile?: string;
  readonly apiBaseUrl?: string;
  readonly commandSocket?: string;
  readonly studentGroup?: string;
}

/** Defaults from an earlier set-up: its configuration, and the owner and mode of its state folder. */
export interface Surmise extends ConfigKeys {
  readonly mode?: Mode;
  readonly owner?: string;
  readonly sharedWith?: string;
}

/** Everything that the class's files are written from. */
export interface Answers {
  readonly accountId: string;
  readonly zoneId: string;
  /** Undefined where the token may not read it. */
  readonly zoneName: string | undefined;
  /** An existing tunnel, or the name of one that is to be made. */
  readonly tunnel:
    { readonly id: string; /** A connector serves it. */ readonly isConnected: boolean } | { readonly create: string };
  readonly hostname: string;
  readonly ports: PortKeys;
  readonly stateDir: string;
  readonly mode: Mode;
  /** The students' group, which may not exist yet. */
  readonly group: string;
  /** Accounts that become members of it. */
  readonly newMembers: readonly string[];
}

/** The accounts of this machine. */
export interface Accounts {
  membersOf(group: string): readonly string[];
  /** The accounts of people who do not administer the machine. */
  ordinary(): readonly string[];
  exists(name: string): boolean;
}

const defaults = { tunnel: 'classroom', mode: 'service' } as const;

/**
 * Finds what the token can see, and asks for the rest.
 * @throws FixableError also where the token may not do what publishing needs
 */
export async function findAnswers(
  account: AdminApi,
  asker: Asker,
  options: SetupOptions,
  known: Surmise,
  accounts: Accounts,
): Promise<Answers> {
  const { accountId, zoneId, zoneName } = await findZone(account, asker, options, known);
  await account.countRecords(zoneId); // fails early if the token may not see the zone's records
  const tunnel = await findTunnel(accountId, await account.tunnels(accountId), asker, options, known);
  const hostname = await findHostname(
    asker,
    options.hostname ?? known.hostname,
    options.hostname !== undefined,
    zoneName,
  );
  const stateDir =
    options.stateDir ??
    known.stateDir ??
    (await asker.text({ flag: '--state-dir', message: 'Folder for the state', initial: configDefaults.stateDir }));
  const mode = options.mode ?? known.mode ?? (await findMode(asker));
  const group =
    options.group ??
    known.studentGroup ??
    (mode === 'shared' && known.mode === 'shared' ? known.sharedWith : undefined) ??
    (await asker.text({
      flag: '--group',
      message: "Group of the students' accounts",
      initial: configDefaults.studentGroup,
    }));
  const members = accounts.membersOf(group);
  const newMembers = await findStudents(asker, options.students, members, accounts);
  const ports = await findPorts(asker, options, known, [...members, ...newMembers]);
  return { accountId, zoneId, zoneName, tunnel, hostname, ports, stateDir, mode, group, newMembers };
}

async function findTunnel(
  accountId: string,
  tunnels: readonly TunnelFacts[],
  asker: Asker,
  options: SetupOptions,
  known: ConfigKeys,
): Promise<Answers['tunnel']> {
  if (options.createTunnel !== undefined) {
    const existing = tunnels.find(({ name }) => name === options.createTunnel);
    return existing ? usable(existing) : { create: options.createTunnel }; // a second run creates no second tunnel
  }
  const wanted = options.tunnel ?? known.tunnelId;
  if (wanted !== undefined) {
    const tunnel = tunnels.find(({ id, name }) => id === wanted || name === wanted);
    if (!tunnel) throw new FixableError('tunnel-unknown', { tunnel: wanted, account: accountId });
    return usable(tunnel);
  }
  const fresh: Choice<Answers['tunnel'] | undefined> = { value: undefined, label: 'a new one' };
  const choices = tunnels
    .filter(({ source }) => source === 'cloudflare')
    .map((tunnel): typeof fresh => ({ value: usable(tunnel), label: tunnel.name, hint: tunnel.status }));
  const chosen = await asker.choose(
    { flag: '--tunnel NAME or --create-tunnel NAME', message: 'The tunnel' },
    asker.isPerson ? [...choices, fresh] : choices,
  );
  return (
    chosen ?? {
      create: await asker.text({
        flag: '--create-tunnel',
        message: 'Name of the new tunnel',
        initial: defaults.tunnel,
      }),
    }
  );
}

function usable({ id, source, status }: TunnelFacts): { id: string; isConnected: boolean } {
  if (source === 'local') throw new FixableError('tunnel-local', { tunnel: id });
  return { id, isConnected: status === 'healthy' || status === 'degraded' };
}

async function findHostname(
  asker: Asker,
  wanted: string | undefined,
  isFixed: boolean,
  zoneName: string | undefined,
): Promise<string> {
  const question: Question = {
    flag: '--hostname',
    message: "Hostname of a student's site ({user}, {port} and {machine} are filled in)",
    check: (template) => whyNot(() => checkHostname(template, zoneName)) ?? certificateWarning(template),
    ...((wanted ?? zoneName) ? { initial: wanted ?? `{user}.${zoneName ?? ''}` } : {}),
  };
  const hostname =
    isFixed || (wanted !== undefined && whyNot(() => checkHostname(wanted, zoneName)) === undefined)
      ? (wanted ?? '')
      : await asker.text(question);
  checkHostname(hostname, zoneName);
  return hostname;
}

/** @throws FixableError `hostname-invalid` */
function checkHostname(template: string, zoneName: string | undefined): void {
  const hostname = makeHostname(template, { user: 'student1', port: 3000, machine: 'machine' });
  if (zoneName !== undefined && !hostname.endsWith(`.${zoneName}`)) {
    throw new FixableError('hostname-invalid', {
      template,
      hostname,
      user: 'student1',
      problem: `it does not lie in the zone ${zoneName}`,
      example: `{user}.${zoneName}`,
    });
  }
}

function findMode(asker: Asker): Promise<Mode> {
  if (!asker.isPerson) return Promise.resolve(defaults.mode);
  return asker.choose({ flag: '--mode service|shared', message: 'Who may use the API token' }, [
    { value: 'service', label: 'one service account, which works for the students', hint: 'safe' },
    { value: 'shared', label: "the students' group", hint: 'simple; every student can read the token' },
  ]);
}
