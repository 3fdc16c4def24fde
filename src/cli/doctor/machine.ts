// The doctor's checks of files on this machine: access, configuration, token file.
import { readFileSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../../provisioning/config.ts';
import { readText } from '../../shell/procFiles.ts';
import { userName } from '../caller.ts';
import { stepsAwayFrom } from '../sudoRules.ts';
import { sharingOf, type Sharing } from '../teacherOnly.ts';
import { findingsOf, type Check } from './findings.ts';

export type Facts = Pick<Stats, 'uid' | 'gid' | 'mode'>;

/** Finds a file of the class that this account cannot reach. The checks below assume that these files are reachable. */
export function examineAccess({ file, stateDir, tokenFile }: Config): Check[] {
  const hidden = [file, stateDir, ...(tokenFile === undefined ? [] : [tokenFile])].find(isHidden);
  return hidden === undefined
    ? []
    : [
        findingsOf('configuration').fail(
          `${userName(process.getuid?.() ?? 0)} may not reach ${hidden}.`,
          `chmod 755 ${dirname(hidden)}`,
        ),
      ];
}

/** Checks who may write the configuration file, and for unwise values in it. */
export function examineConfiguration(config: Config): Check[] {
  const { ok, warning, fail } = findingsOf('configuration');
  const { file } = config;
  const facts = statSync(file);
  const found = [
    judgeOwner('configuration', file, facts, trustedOf(config.stateDir)),
    ...((facts.mode & 0o022) === 0
      ? []
      : [
          fail(
            `${file} can be written by other accounts, which could send the token to a server of their own.`,
            `chmod 644 ${file}`,
          ),
        ]),
  ].filter((finding) => finding !== undefined);
  if (config.allowUserOverride)
    found.push(
      warning(
        '`allowUserOverride` lets every account publish under any name.',
        'Remove it: it is for demos and tests.',
      ),
    );
  if (config.visibility === 'class' && config.passphraseHash === undefined)
    found.push(
      fail('The class is private and has no passphrase, so no site is published.', 'classroom-tunnel passphrase'),
    );
  if (!config.ports && !config.portRange)
    found.push(
      warning(
        'No student has a port of their own, so two students may use the same one.',
        'Assign each student one in `ports`, or at least set a `portRange`.',
      ),
    );
  return found.length > 0 ? found : [ok(file)];
}

/** Checks that students with a port can reach the service, where they cannot provision themselves. */
export function examineService({ stateDir, commandSocket, ports }: Config): Check[] {
  const { ok, warning } = findingsOf('service');
  const folder = statSync(stateDir, { throwIfNoEntry: false });
  if (!ports || !folder || sharingOf(folder) !== 'private') return [];
  const listens = readText('/proc/net/unix')
    ?.split('\n')
    .some((line) => line.endsWith(` ${commandSocket}`));
  return [
    listens
      ? ok(commandSocket)
      : warning(
          `Nothing listens at ${commandSocket}, so only root and ${userName(folder.uid)} can publish.`,
          'Run `classroom-tunnel setup`, or `systemctl enable --now classroom-tunnel.socket`.',
        ),
  ];
}

/** Checks that no sudo rule of an older version is left. @param rules the files with such a rule */
export function examineSudoRules(rules: readonly string[]): Check[] {
  return rules.length === 0
    ? []
    : [findingsOf('sudo').fail(`A rule in ${rules.join(' and ')} is open to attack.`, stepsAwayFrom(rules).join(' '))];
}

/** Checks who may read the token file. */
export function examineToken({ tokenFile, stateDir }: Config): Check[] {
  if (tokenFile === undefined)
    return [
      findingsOf('token file').warning(
        'The token comes from CLOUDFLARE_API_TOKEN.',
        'Put it into a file of its own, readable by one account, and name it as `tokenFile`.',
      ),
    ];
  const facts = statSync(tokenFile, { throwIfNoEntry: false });
  const folder = statSync(stateDir, { throwIfNoEntry: false });
  return facts ? judgeToken(tokenFile, facts, folder ? sharingOf(folder) : 'private', trustedOf(stateDir)) : []; // the token check reports a missing file
}

/** @param trusted the user ids that may own the file */
export function judgeToken(file: string, facts: Facts, sharing: Sharing, trusted: readonly number[]): Check[] {
  const { ok, warning, fail } = findingsOf('token file');
  const foreign = judgeOwner('token file', file, facts, trusted);
  if (foreign) return [foreign];
  if ((facts.mode & 0o006) !== 0)
    return [
      warning(
        `Every account on this machine can read ${file}.`,
        `chmod ${sharing === 'group' ? '640' : '600'} ${file}`,
      ),
    ];
  const groupReads = (facts.mode & 0o040) !== 0;
  if (sharing === 'group' && !groupReads)
    return [
      fail(
        `The students' group shares the state folder, but may not read ${file}.`,
        `chgrp ${groupName(facts.gid)} and chmod 640 it, or use service mode: see the README.`,
      ),
    ];
  if (sharing === 'private' && groupReads)
    return [
      warning(
        `The group ${groupName(facts.gid)} can read ${file}, though only ${userName(facts.uid)} provisions.`,
        `chmod 600 ${file}`,
      ),
    ];
  return [ok(`${file}, read by ${groupReads ? `the group ${groupName(facts.gid)}` : `${userName(facts.uid)} alone`}`)];
}

function judgeOwner(check: string, file: string, { uid }: Facts, trusted: readonly number[]): Check | undefined {
  return trusted.includes(uid)
    ? undefined
    : findingsOf(check).fail(
        `${file} belongs to ${userName(uid)}, which can replace it.`,
        `chown root ${file}, or give it to the account that provisions`,
      );
}

/** Root, this account, and the account that provisions. */
function trustedOf(stateDir: string): number[] {
  const owner = statSync(stateDir, { throwIfNoEntry: false })?.uid;
  return [0, process.getuid?.() ?? 0, ...(owner === undefined ? [] : [owner])];
}

function isHidden(file: string): boolean {
  try {
    statSync(file, { throwIfNoEntry: false });
    return false;
  } catch {
    return true;
  }
}

/** The name of a group from /etc/group, else its number. */
export function groupName(gid: number): string {
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((one) => one.split(':')[2] === String(gid));
  return line?.split(':')[0] ?? String(gid);
}
