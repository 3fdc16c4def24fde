// Reads the parts of a class, on this machine and at Cloudflare. Changes nothing.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { parseConfig, type Config } from '../../provisioning/config.ts';
import type { DnsRecord } from '../../provisioning/plan.ts';
import { isMarkedOn } from '../../provisioning/marker.ts';
import type { RoundApi } from '../../provisioning/roundApi.ts';
import { configFileOf } from '../../configFile.ts';
import { systemUnitFolder } from '../setup/classFacts.ts';
import { readMade, type Made } from '../setup/made.ts';
import { getent, idOf } from '../setup/system.ts';

export interface ClassToRemove {
  readonly configFile: string;
  readonly isDefaultConfigFile: boolean;
  readonly tokenFile: string | undefined;
  /** Undefined if there is no such folder. */
  readonly stateDir: string | undefined;
  /** Our own files in it. */
  readonly stateEntries: readonly string[];
  readonly made: Made;
  readonly unitFolder: string;
  readonly hasSystemd: boolean;
  /** The hostnames of live sites. */
  readonly live: readonly string[];
  /** The words that run this program. */
  readonly command: readonly [string, ...string[]];
  /** The files that install.sh placed. */
  readonly installed: readonly string[];
  readonly cloudflare: CloudflareUse | undefined;
  readonly hasAccount: (name: string) => boolean;
  readonly hasGroup: (name: string) => boolean;
  readonly isMember: (user: string, group: string) => boolean;
}

/** Our traces at Cloudflare. */
export interface CloudflareUse {
  /** The records that this machine made. */
  readonly records: readonly DnsRecord[];
  removeRecords(): Promise<void>;
  /** The hostnames of the tunnel's rules. */
  otherRules(): Promise<string[]>;
}

/** @returns undefined if there is no configuration @throws FixableError `config-invalid` */
export function readClassConfig(configFile: string): Config | undefined {
  if (!existsSync(configFile)) return undefined;
  return parseConfig(configFile, readFileSync(configFile, 'utf8'), hostname().split('.')[0] ?? hostname());
}

/** @throws FixableError `config-invalid` */
export function readClass(
  configFile: string,
  config: Config | undefined,
  cloudflare: CloudflareUse | undefined,
): ClassToRemove {
  const program = process.argv[1] ?? '';
  const command = [process.execPath, program] as const;
  const made = readMade(configFile);
  const unitFolder = made.unitFolder ?? systemUnitFolder;
  const stateDir = config && existsSync(config.stateDir) ? config.stateDir : undefined;
  return {
    configFile,
    isDefaultConfigFile: configFile === configFileOf({}),
    tokenFile: config?.tokenFile,
    stateDir,
    stateEntries: stateDir === undefined ? [] : ownEntries(stateDir),
    made,
    unitFolder,
    hasSystemd: existsSync('/run/systemd/system') && unitFolder === systemUnitFolder,
    live: stateDir === undefined ? [] : liveSites(command),
    command: [...command],
    installed: installedFiles(realpathSync(program)),
    cloudflare,
    hasAccount: (name) => idOf('passwd', name) !== undefined,
    hasGroup: (name) => idOf('group', name) !== undefined,
    isMember: (user, group) => (getent('group', group)[0]?.[3] ?? '').split(',').includes(user),
  };
}

export async function readCloudflare(api: RoundApi, machine: string): Promise<CloudflareUse> {
  const ours = async () => (await api.listRecords()).filter(({ comment }) => isMarkedOn(comment, machine));
  return {
    records: await ours(),
    async removeRecords() {
      const remove = await ours();
      if (remove.length > 0) await api.changeRecords({ remove, create: [] });
    },
    async otherRules() {
      const { config } = await api.readConfiguration();
      return (config?.ingress ?? []).flatMap(({ hostname: name }) => (typeof name === 'string' && name ? [name] : []));
    },
  };
}

/** The sites that `list` shows; none where it cannot tell. */
function liveSites([file, ...args]: readonly [string, ...string[]]): string[] {
  const { status, stdout } = spawnSync(file, [...args, 'list', '--json'], { encoding: 'utf8' });
  if (status !== 0) return [];
  const { publications = [] } = JSON.parse(stdout) as { publications?: { hostname: string }[] };
  return publications.map(({ hostname: name }) => name);
}

/** The names that the program uses in its state folder: a teacher may have named a folder that holds other things too. */
function ownEntries(stateDir: string): string[] {
  const own = /^(queue|lock|formerHolders|records|configurations|scratch|sockets|wakeup\w*|audit\.log.*|.*\.json)$/;
  return readdirSync(stateDir)
    .filter((name) => own.test(name))
    .map((name) => join(stateDir, name));
}

/** @param program the file of this program */
function installedFiles(program: string): string[] {
  const list = join(dirname(program), '../lib/classroom-tunnel/installed');
  const files = existsSync(list) ? readFileSync(list, 'utf8').trim().split('\n') : [];
  return files.includes(program) ? files.filter((file) => existsSync(file)) : [];
}
