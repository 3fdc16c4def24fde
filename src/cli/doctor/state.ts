// The doctor's checks of the state folder: its owner and mode, the lock, the records.
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import type { Config } from '../../provisioning/config.ts';
import { identifyOnHost, livenessOf, type ProcessIdentity } from '../../provisioning/processIdentity.ts';
import { RateLimit } from '../../provisioning/rateLimit.ts';
import { lockFolder, lockTimes } from '../../provisioning/lock.ts';
import { queueFolder, requestTime } from '../../provisioning/queue.ts';
import { PublicationStore } from '../../provisioning/publications.ts';
import { socketFolder, StateFolder } from '../../provisioning/stateFolder.ts';
import { userName } from '../caller.ts';
import { sharingOf } from '../teacherOnly.ts';
import { findingsOf, type Check } from './findings.ts';
import { groupName, type Facts } from './machine.ts';

/**
 * Checks the state folder and its content.
 * @returns `pausedFor`: milliseconds for which Cloudflare still blocks the token
 */
export async function examineState(config: Config, now: number): Promise<{ findings: Check[]; pausedFor: number }> {
  const { stateDir } = config;
  const facts = statSync(stateDir, { throwIfNoEntry: false });
  if (!facts?.isDirectory()) {
    const fix = '`classroom-tunnel setup` creates it, for the account that runs the command.';
    return {
      findings: [findingsOf('state').fail(`${stateDir} ${facts ? 'is not a folder' : 'does not exist'}.`, fix)],
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
      : `${userName(facts.uid)}'s alone; students use the service`;
  return {
    findings: [
      judgeReach(stateDir, facts) ?? findingsOf('state').ok(`${stateDir}, ${sharing}`),
      examineLock(folder, now),
      ...(await examineRecords(folder, config, now)),
    ],
    pausedFor,
  };
}

/** Why several accounts could not share this folder, or could do too much in it. Pure. */
export function judgeStateFolder(
  folder: string,
  facts: Facts,
  parts: readonly (Facts & { name: string })[],
): Check | undefined {
  const { fail } = findingsOf('state');
  const sharing = sharingOf(facts);
  if (sharing === 'everybody')
    return fail(
      `Every account on this machine may write ${folder}.`,
      `chmod 2771 ${folder}, with the students' group as its group`,
    );
  if ((facts.mode & 0o1000) !== 0)
    return fail(`${folder} is sticky: no account could replace what another left there.`, `chmod -t ${folder}`);
  if (sharing === 'group' && (facts.mode & 0o2000) === 0)
    return fail(`${folder} does not pass its group on to new files in it.`, `chmod g+s ${folder}`);
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
      `Take every site down and remove what is in ${folder}: it is created again, and what is at Cloudflare is found again.`,
    )
  );
}

/** The relays' sockets are in the state folder: students create them, and cloudflared connects to them. */
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
      return ok(`left by ${name}, which has ended: the next run takes it over`);
    return seconds * 1000 <= lockTimes.stale
      ? ok(`held by ${name}`)
      : warning(`${name} has held it for ${seconds} s without renewing it.`, 'The next run takes it over.');
  } catch {
    return ok('free'); // released during the check
  }
}

async function examineRecords(folder: StateFolder, { lockTimeoutSeconds }: Config, now: number): Promise<Check[]> {
  const { ok, warning } = findingsOf('records');
  const collect = 'Run `classroom-tunnel gc`, best by its timer (see the README).';
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
  const idle = state?.idle.size ?? 0;
  const unsettled = [...(state?.unsettled.keys() ?? [])];
  const forgotten = (await folder.list(queueFolder)).filter(
    (id) => now - requestTime(id) > Math.max(60, lockTimeoutSeconds) * 1000,
  );
  return [
    ...(unsettled.length > 0 ? [warning(`Unfinished at Cloudflare: ${unsettled.join(', ')}.`, collect)] : []),
    ...(unheld.length > 0
      ? [warning(`Without a living holder: ${unheld.map(({ hostname }) => hostname).join(', ')}.`, collect)]
      : []),
    ...(forgotten.length > 0
      ? [warning(`Requests in the queue that no process serves: ${forgotten.length}.`, collect)]
      : []),
    ok(`${live.length} live${idle > 0 ? `, ${idle} ${idle === 1 ? 'record' : 'records'} kept without a rule` : ''}`),
  ];
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
      'Run this as the account that provisions, or as root; students need the service or the group: see the README.',
    );
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
