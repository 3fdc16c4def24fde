// The steps that take a class away, in their order: sites and service first; token and manifest last, so that a second run can go on.
import { existsSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AdminApi } from '../../provisioning/adminApi.ts';
import { manifestFile } from '../setup/made.ts';
import { runTool, toolSucceeds } from '../setup/system.ts';
import { connectorUnit } from '../setup/units.ts';
import type { ClassToRemove } from './classToRemove.ts';
import { windowSteps } from './windows.ts';

/** A part of the removal. */
export interface Removal {
  readonly title: string;
  /** One line for each file, account, package or call that `apply` removes. */
  readonly changes: readonly string[];
  readonly apply: () => Promise<void> | void;
  /** Nothing after it is done if it fails: it needs what the later steps remove. */
  readonly isNeeded?: boolean;
}

/** @param api undefined where Cloudflare is left alone */
export function removalSteps(
  facts: ClassToRemove,
  api: AdminApi | undefined,
  onLeft: (line: string) => void,
): Removal[] {
  const steps = [
    serviceRemoval(facts),
    ...(api ? [siteRemoval(facts), tunnelUse(facts, api, onLeft)].flat() : []),
    ...windowSteps(facts, onLeft),
    accountRemoval(facts, onLeft),
    fileRemoval(facts),
    programRemoval(facts),
  ];
  return steps.filter(({ changes }) => changes.length > 0);
}

const ownUnits = [
  'classroom-tunnel.socket',
  'classroom-tunnel-gc.timer',
  'classroom-tunnel-gc.service',
  'classroom-tunnel@.service',
  connectorUnit,
];

/** First, so that nobody publishes in the meantime. The connector has to end before its tunnel can be deleted. */
function serviceRemoval({ unitFolder, hasSystemd }: ClassToRemove): Removal {
  const units = ownUnits.filter((unit) => isOwnUnit(join(unitFolder, unit)));
  const files = units.map((unit) => join(unitFolder, unit));
  return {
    title: 'Service, timer and connector',
    changes: files.map((file) => `stop and remove ${file}`),
    apply() {
      const stopped = units.filter((unit) => !unit.includes('@'));
      if (hasSystemd) {
        toolSucceeds('systemctl', ['disable', '--now', ...stopped]);
        toolSucceeds('systemctl', ['stop', 'classroom-tunnel@*.service']);
      }
      for (const file of files) rmSync(file, { force: true });
      if (hasSystemd) runTool('systemctl', ['daemon-reload']);
    },
    isNeeded: true,
  };
}

/** Whether the unit is ours: a teacher may have one of this name from elsewhere. */
function isOwnUnit(file: string): boolean {
  return existsSync(file) && /classroom-tunnel|Classroom Tunnel/.test(readFileSync(file, 'utf8'));
}

function siteRemoval({ live, command, stateDir }: ClassToRemove): Removal {
  return {
    title: 'Live sites',
    changes: live.map((hostname) => `take down ${hostname}: its rule and its DNS record`),
    apply() {
      if (stateDir === undefined) return;
      runTool(command[0], [...command.slice(1), 'stop', '--all']);
      runTool(command[0], [...command.slice(1), 'gc']);
    },
    isNeeded: true,
  };
}

function tunnelUse(facts: ClassToRemove, api: AdminApi, onLeft: (line: string) => void): Removal[] {
  const { cloudflare, made } = facts;
  if (!cloudflare) return [];
  const { tunnel } = made;
  return [
    {
      title: 'DNS records',
      changes: cloudflare.records.map(({ name }) => `call POST /zones/…/dns_records/batch: delete ${name}`),
      apply: () => cloudflare.removeRecords(),
      isNeeded: true,
    },
    {
      title: 'Tunnel',
      changes: tunnel ? [`call DELETE /accounts/${tunnel.accountId}/cfd_tunnel/${tunnel.id}: ${tunnel.name}`] : [],
      async apply() {
        if (!tunnel) return;
        const others = await cloudflare.otherRules();
        if (others.length === 0) await api.deleteTunnel(tunnel.accountId, tunnel.id);
        else onLeft(`The tunnel ${tunnel.name}: it has rules that are not ours (${others.join(', ')}).`);
      },
      isNeeded: true,
    },
  ];
}

function accountRemoval(
  { made, hasAccount, hasGroup, isMember }: ClassToRemove,
  onLeft: (line: string) => void,
): Removal {
  const removals = [
    ...made.members
      .filter(({ user, group }) => isMember(user, group))
      .map(({ user, group }) => ({
        line: `take ${user} out of the group ${group}`,
        words: ['gpasswd', '-d', user, group],
      })),
    ...made.accounts
      .filter(hasAccount)
      .map((name) => ({ line: `remove the account ${name}`, words: ['userdel', name] })),
    ...made.groups.filter(hasGroup).map((name) => ({ line: `remove the group ${name}`, words: ['groupdel', name] })),
  ];
  return {
    title: 'Accounts and groups',
    changes: removals.map(({ line }) => line),
    apply() {
      for (const { line, words } of removals)
        if (!toolSucceeds(words[0] ?? '', words.slice(1))) onLeft(`Failed: ${line} (\`${words.join(' ')}\` says why).`);
    },
  };
}

function fileRemoval({ configFile, made, tokenFile, stateEntries, stateDir }: ClassToRemove): Removal {
  const files = [tokenFile, made.connectorTokenFile, `${configFile}.bak`, configFile, manifestFile(configFile)].filter(
    (file) => file !== undefined && existsSync(file),
  ) as string[];
  return {
    title: 'State, token and configuration',
    changes: [
      ...(stateDir === undefined ? [] : [`remove the folder ${stateDir}`]),
      ...files.map((file) => `remove ${file}`),
    ],
    apply() {
      // The students own folders in it. This tool follows no link, also when one appears while it works.
      if (stateEntries.length > 0) runTool('rm', ['-rf', '--one-file-system', '--', ...stateEntries]);
      for (const file of files) rmSync(file, { force: true });
      for (const folder of [stateDir, ...files.map(dirname)]) if (folder !== undefined) removeIfEmpty(folder);
    },
  };
}

function programRemoval({ installed }: ClassToRemove): Removal {
  return {
    title: 'Program',
    changes: installed.map((file) => `remove ${file}`),
    apply() {
      const isFolder = (entry: string): boolean => entry.endsWith('/');
      for (const file of installed) if (!isFolder(file)) rmSync(file, { force: true });
      // The inner ones before those around them.
      for (const folder of installed.filter(isFolder).sort((one, other) => other.length - one.length))
        removeIfEmpty(folder);
    },
  };
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It holds something of others, or it is gone.
  }
}
