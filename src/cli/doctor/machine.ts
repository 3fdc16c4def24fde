import { accessSync, constants, readdirSync, readFileSync, statSync, type Stats } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Config } from '../../provisioning/config.ts';
import { identifyOnHost, livenessOf, type ProcessIdentity } from '../../provisioning/processIdentity.ts';
import { lockFolder, lockTimes } from '../../provisioning/lock.ts';
import { RateLimit } from '../../provisioning/rateLimit.ts';
import { queueFolder, requestTime } from '../../provisioning/queue.ts';
import { PublicationStore } from '../../provisioning/publications.ts';
import { socketFolder, StateFolder } from '../../provisioning/stateFolder.ts';
import { userName } from '../caller.ts';
import { sharingOf, type Sharing } from '../teacherOnly.ts';
import { findingsOf, type Check } from './findings.ts';

type Facts = Pick<Stats, 'uid' | 'gid' | 'mode'>;

/** What hides the class's files from the account that is to use them; the examinations below take it that they can be seen. */
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

/** Who may write the configuration file, and what in it is unwise. */
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
            `${file} may be written by others: who can change it can send the token to a server of their own.`,
            `chmod 644 ${file}`,
          ),
        ]),
  ].filter((finding) => finding !== undefined);
  if (config.allowUserOverride)
    found.push(
      warning('`allowUserOverride` lets everybody publish under any name.', 'Remove it: it is for demos and tests.'),
    );
  if (!config.ports && !config.portRange)
    found.push(
      warning(
        "No student has a port of their own: two who take the same one are in each other's way.",
        'Give each one in `ports`, or at least a `portRange`.',
      ),
    );
  return found.length > 0 ? found : [ok(file)];
}

/** Who may read the token. */
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
  return facts ? judgeToken(tokenFile, facts, folder ? sharingOf(folder) : 'private', trustedOf(stateDir)) : []; // that it is missing is said where it is read
}

/** @param trusted the ids that may own what the class relies on */
export function judgeToken(file: string, facts: Facts, sharing: Sharing, trusted: readonly number[]): Check[] {
  const { ok, warning, fail } = findingsOf('token file');
  const foreign = judgeOwner('token file', file, facts, trusted);
  if (foreign) return [foreign];
  if ((facts.mode & 0o006) !== 0)
    return [
      warning(`Everybody on this machine can read ${file}.`, `chmod ${sharing === 'group' ? '640' : '600'} ${file}`),
    ];
  const groupReads = (facts.mode & 0o040) !== 0;
  if (sharing === 'group' && !groupReads)
    return [
      fail(
        `The students' group shares the state folder, but may not read ${file}.`,
        `chgrp ${groupName(facts.gid)} and chmod 640 it, or use sudo mode: see the README.`,
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

/** The state folder and what lies in it. Milliseconds: how long nobody may call Cloudflare. */
export async function examineState(config: Config, now: number): Promise<{ findings: Check[]; pausedFor: number }> {
  const { stateDir } = config;
  const facts = statSync(stateDir, { throwIfNoEntry: false });
  if (!facts?.isDirectory()) {
    const mend = `\`classroom-tunnel setup\` makes it, for the account that runs the command.`;
    return {
      findings: [findingsOf('state').fail(`${stateDir} ${facts ? 'is no folder' : 'does not exist'}.`, mend)],
      pausedFor: 0,
    };
  }
  const problem =
    judgeStateFolder(
      stateDir,
      facts,
      readdirSync(stateDir).flatMap((name) => folderFacts(join(stateDir, name))),
    ) ?? inaccessible(stateDir);
  if (problem) return { findings: [problem], pausedFor: 0 };
  const folder = await StateFolder.open(stateDir);
  const pausedFor = await new RateLimit(folder).blockedFor(now);
  const sharing =
    sharingOf(facts) === 'group'
      ? `shared by the group ${groupName(facts.gid)}`
      : `${userName(facts.uid)}'s alone: students come through sudo`;
  return {
    findings: [
      judgeReach(stateDir, facts) ?? findingsOf('state').ok(`${stateDir}, ${sharing}`),
      examineLock(folder, now),
      ...(await examineRecords(folder, config, now)),
    ],
    pausedFor,
  };
}

/** Why several accounts could not work on this folder together, or could do too much in it. */
export function judgeStateFolder(
  folder: string,
  facts: Facts,
  parts: readonly (Facts & { name: string })[],
): Check | undefined {
  const { fail } = findingsOf('state');
  const sharing = sharingOf(facts);
  if (sharing === 'everybody')
    return fail(
      `Everybody on this machine may write ${folder}.`,
      `chmod 2771 ${folder}, with the students' group as its group`,
    );
  if ((facts.mode & 0o1000) !== 0)
    return fail(`${folder} is sticky: no account could take over what another left there.`, `chmod -t ${folder}`);
  if (sharing === 'group' && (facts.mode & 0o2000) === 0)
    return fail(`${folder} does not hand its group on to what is made in it.`, `chmod g+s ${folder}`);
  const odd = parts.find(
    (part) =>
      basename(part.name) !== socketFolder &&
      ((part.mode & 0o1777) !== (facts.mode & 0o777) ||
        (sharing === 'private' ? part.uid !== facts.uid : part.gid !== facts.gid)),
  );
  return (
    odd &&
    fail(
      `${odd.name} has another mode or owner than the folder it is in.`,
      `Let nobody be live, and remove what is in ${folder}: it is made anew, and what is at Cloudflare is found again.`,
    )
  );
}

/** The relays' sockets lie in the state folder: students make them, and cloudflared connects to them. */
function judgeReach(folder: string, { uid, mode }: Facts): Check | undefined {
  return (mode & 0o001) !== 0
    ? undefined
    : findingsOf('state').warning(
        `Only ${userName(uid)}${(mode & 0o010) === 0 ? '' : ' and the group'} can pass through ${folder}, where the students' relays and cloudflared meet.`,
        `chmod o+x ${folder}`,
      );
}

function examineLock(folder: StateFolder, now: number): Check {
  const { ok, warning } = findingsOf('lock');
  const held = folder.in(lockFolder, 'held');
  try {
    const [owner] = readdirSync(held);
    if (owner === undefined) return ok('free');
    const holder = JSON.parse(readFileSync(join(held, owner), 'utf8')) as ProcessIdentity;
    const seconds = Math.round((now - statSync(held).mtimeMs) / 1000);
    const name = `process ${holder.pid} on ${holder.host}`;
    if (livenessOf(holder, identifyOnHost(process.pid, hostname())) === 'dead')
      return ok(`left by ${name}, which is gone: the next run takes it over`);
    return seconds * 1000 <= lockTimes.stale
      ? ok(`held by ${name}`)
      : warning(`${name} has held it for ${seconds} s without a sign of life.`, 'The next run takes it over.');
  } catch {
    return ok('free'); // let go while we looked
  }
}

async function examineRecords(folder: StateFolder, { lockTimeoutSeconds }: Config, now: number): Promise<Check[]> {
  const { ok, warning } = findingsOf('records');
  const collect = 'Run `classroom-tunnel gc`, best by its timer: see the README.';
  const text = await folder.read('records', 'state.json');
  if (text !== undefined && !isJson(text))
    return [
      warning(
        `${folder.in('records', 'state.json')} is not readable.`,
        `${collect} It is rebuilt from what Cloudflare shows.`,
      ),
    ];
  const state = await new PublicationStore(folder, () => undefined).load();
  const self = identifyOnHost(process.pid, hostname());
  const live = [...(state?.publications.values() ?? [])];
  const unheld = live.filter(({ holders }) =>
    holders.every((holder) => holder.process && livenessOf(holder.process, self) === 'dead'),
  );
  const unsettled = [...(state?.unsettled.keys() ?? [])];
  const forgotten = (await folder.list(queueFolder)).filter(
    (id) => now - requestTime(id) > Math.max(60, lockTimeoutSeconds) * 1000,
  );
  return [
    ...(unsettled.length > 0 ? [warning(`Half done at Cloudflare: ${unsettled.join(', ')}.`, collect)] : []),
    ...(unheld.length > 0
      ? [warning(`Held by nobody any more: ${unheld.map(({ hostname }) => hostname).join(', ')}.`, collect)]
      : []),
    ...(forgotten.length > 0
      ? [warning(`Requests in the queue that nobody serves: ${forgotten.length}.`, collect)]
      : []),
    ok(`${live.length} live`),
  ];
}

function judgeOwner(check: string, file: string, { uid }: Facts, trusted: readonly number[]): Check | undefined {
  return trusted.includes(uid)
    ? undefined
    : findingsOf(check).fail(
        `${file} belongs to ${userName(uid)}, who can replace it.`,
        `chown root ${file}, or give it to the account that provisions`,
      );
}

/** Root, ourselves, and the account that provisions. */
function trustedOf(stateDir: string): number[] {
  const owner = statSync(stateDir, { throwIfNoEntry: false })?.uid;
  return [0, process.getuid?.() ?? 0, ...(owner === undefined ? [] : [owner])];
}

function folderFacts(file: string): (Facts & { name: string })[] {
  const facts = statSync(file, { throwIfNoEntry: false });
  return facts?.isDirectory() ? [{ uid: facts.uid, gid: facts.gid, mode: facts.mode, name: file }] : [];
}

function inaccessible(folder: string): Check | undefined {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch {
    return findingsOf('state').fail(
      `${userName(process.getuid?.() ?? 0)} may not write ${folder}.`,
      'Run this as the account that provisions, or as root; students need the sudo rule or the group: see the README.',
    );
  }
}

function isHidden(file: string): boolean {
  try {
    statSync(file, { throwIfNoEntry: false });
    return false;
  } catch {
    return true;
  }
}

/** The name of a group as this machine knows it, else its number. */
export function groupName(gid: number): string {
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((one) => one.split(':')[2] === String(gid));
  return line?.split(':')[0] ?? String(gid);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
