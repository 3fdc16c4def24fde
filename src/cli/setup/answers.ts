// The answers that setup needs, from the options, Cloudflare or a person.
import type { AdminApi, TunnelFacts, ZoneFacts } from '../../provisioning/adminApi.ts';
import { CallFailure } from '../../provisioning/checkedFetch.ts';
import { configDefaults } from '../../provisioning/config.ts';
import { FixableError } from '../../provisioning/errors.ts';
import { certificateWarning, makeHostname } from '../../provisioning/hostname.ts';
import { whyNot, type Asker, type Choice, type Question } from './prompts.ts';
import { findPorts, type PortKeys } from './ports.ts';

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
  readonly serviceAccount?: string;
  readonly ports?: PortKeys;
  readonly portRange?: PortKeys;
  readonly connectorTokenFile?: string;
  readonly unitFolder?: string;
  readonly apiBaseUrl?: string;
  readonly yes?: boolean;
}

/** Which accounts may use the token: the service's, or the students' group. */
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
  readonly tunnel: { readonly id: string } | { readonly create: string };
  readonly hostname: string;
  readonly ports: PortKeys;
  readonly stateDir: string;
  readonly mode: Mode;
  /** The students' group. */
  readonly group: string;
}

const defaults = { group: 'students', tunnel: 'classroom', mode: 'service' } as const;

/**
 * Finds what the token can see, and asks for the rest.
 * @param membersOf the users of a group of this machine
 * @throws FixableError also where the token may not do what publishing needs
 */
export async function findAnswers(
  account: AdminApi,
  asker: Asker,
  options: SetupOptions,
  known: Surmise,
  membersOf: (group: string) => readonly string[],
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
    (mode === 'shared' && known.mode === 'shared' ? known.sharedWith : undefined) ??
    (await asker.text({ flag: '--group', message: "Group of the students' accounts", initial: defaults.group }));
  const ports = await findPorts(asker, options, known, membersOf(group));
  return { accountId, zoneId, zoneName, tunnel, hostname, ports, stateDir, mode, group };
}

interface FoundZone {
  readonly accountId: string;
  readonly zoneId: string;
  readonly zoneName: string | undefined;
}

async function findZone(account: AdminApi, asker: Asker, options: SetupOptions, known: ConfigKeys): Promise<FoundZone> {
  const wanted = options.zone ?? known.zoneId;
  const owner = options.account ?? (options.zone === undefined ? known.accountId : undefined);
  try {
    const zones = (await account.zones()).filter(
      (zone) => owner === undefined || zone.accountId === owner || zone.accountName === owner,
    );
    const zone =
      wanted === undefined
        ? await chooseZone(asker, zones)
        : zones.find((one) => one.id === wanted || one.name === wanted);
    if (!zone) throw new FixableError('zone-unknown', { zone: wanted });
    return { accountId: zone.accountId, zoneId: zone.id, zoneName: zone.name };
  } catch (error) {
    if (!(error instanceof CallFailure) || error.status !== 403) throw error;
    // Cloudflare refuses a wrong token in the same way. A token of an account is only known there, by the account's id.
    const isKnown = owner === undefined && (await account.verifyToken().catch(() => undefined)) !== undefined;
    // Without Zone · Read the zone cannot be looked up by name; ids given by hand are enough.
    const hint = 'the token may not list zones, so the id is needed';
    const ask = (flag: string, what: string) => asker.text({ flag, message: `The ${what} (${hint})` });
    const accountId = owner ?? (await ask('--account ID', 'account'));
    if (!isKnown) await account.verifyToken(accountId);
    return { accountId, zoneId: wanted ?? (await ask('--zone ID', 'zone')), zoneName: undefined };
  }
}

function chooseZone(asker: Asker, zones: readonly ZoneFacts[]): Promise<ZoneFacts> {
  return asker.choose(
    { flag: '--zone NAME', message: "The zone (domain) for the students' sites" },
    zones.map((zone): Choice<ZoneFacts> => ({ value: zone, label: zone.name, hint: zone.accountName })),
  );
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
    .map(({ id, name, status }): typeof fresh => ({ value: { id }, label: name, hint: status }));
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

function usable({ id, source }: TunnelFacts): { id: string } {
  if (source === 'local') throw new FixableError('tunnel-local', { tunnel: id });
  return { id };
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
