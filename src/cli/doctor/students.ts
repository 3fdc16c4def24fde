// The doctor's checks of each student: account, port, hostname, folder of the relay sockets, extension.
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostnameOf, publicUrl, type Config } from '../../provisioning/config.ts';
import { FixableError } from '../../provisioning/errors.ts';
import { isExtraPort, type ExtraPortKeys } from '../../provisioning/extraPorts.ts';
import { socketFolder } from '../../provisioning/stateFolder.ts';
import { accountOf, groupMembers } from '../accounts.ts';
import { findingsOf, type Check } from './findings.ts';

/** The facts about a student on this machine. A fact is undefined if this account may not read it. */
export interface StudentFacts {
  readonly user: string;
  readonly hasAccount: boolean;
  readonly socketFolder: 'theirs' | 'missing' | 'foreign' | undefined;
  readonly hasCodeServer: boolean | undefined;
  readonly hasExtension: boolean | undefined;
  /** `classroomTunnel.command` is set, as an older version with a sudo rule needed it. */
  readonly hasOldCommand: boolean | undefined;
}

type Class = Pick<Config, 'hostname' | 'labels' | 'machine' | 'ports' | 'portRange' | 'publicUrl' | 'studentGroup'> &
  ExtraPortKeys;

/** Looks at every student of the configuration and every member of the group. Root sees most. */
export function examineStudents(config: Config): Check[] {
  if (config.allowUserOverride) return []; // callers name themselves: accounts do not matter
  const students = Object.keys(config.ports ?? {}).map((user) => factsOf(user, config));
  return judgeStudents(config, students, groupMembers(config.studentGroup) ?? []);
}

/** Pure. @param members of the students' group */
export function judgeStudents(config: Class, students: readonly StudentFacts[], members: readonly string[]): Check[] {
  const missing = members.filter((user) => !students.some((student) => student.user === user));
  const withoutPort =
    config.ports && missing.length > 0
      ? [
          findingsOf('students').fail(
            `${missing.join(', ')} of the group ${config.studentGroup} ${missing.length === 1 ? 'has' : 'have'} no port, and cannot publish.`,
            `\`classroom-tunnel roster add ${missing.join(' ')}\``,
          ),
        ]
      : [];
  const shared =
    config.hostname.includes('{user}') || config.hostname.includes('{port}')
      ? []
      : [
          findingsOf('students').fail(
            `All students have the hostname ${config.hostname}: the first one to publish takes it.`,
            'Put {user} into `hostname`.',
          ),
        ];
  return [...shared, ...withoutPort, ...students.flatMap((student) => judgeStudent(config, student))];
}

function judgeStudent(config: Class, facts: StudentFacts): Check[] {
  const { user } = facts;
  const { ok, warning, fail } = findingsOf(`student ${user}`);
  const port = config.ports?.[user] ?? 0;
  const [first = 1, last = 65535] = config.portRange ?? [];
  const name = hostnameIn(config, user);
  const twin = Object.keys(config.ports ?? {}).find(
    (other) => other !== user && name !== undefined && hostnameIn(config, other) === name,
  );
  const samePort = Object.keys(config.ports ?? {}).find((other) => other !== user && config.ports?.[other] === port);
  const ofSecondSite = name === undefined ? undefined : ownerOfSecondSite(config, name);
  const again = `\`classroom-tunnel roster remove ${user} && classroom-tunnel roster add ${user}\``;
  const found = [
    !facts.hasAccount &&
      warning(
        'There is no account of this name.',
        `\`useradd -m ${user}\` makes it; \`classroom-tunnel roster remove ${user}\` takes it off the roster.`,
      ),
    name === undefined && fail('The name gives no hostname.', again),
    twin !== undefined && fail(`${twin} has the same hostname, ${name}.`, again),
    ofSecondSite !== undefined &&
      warning(`Its hostname ${name} would be the one of a second site of ${ofSecondSite}, which is refused.`, again),
    samePort !== undefined && fail(`${samePort} has the same port, ${port}.`, again),
    port < 1024 && fail(`Port ${port} is for root alone.`, again),
    (port < first || port > last) && fail(`Port ${port} is outside of \`portRange\`.`, again),
    ...windowFindings(facts, warning),
  ].filter((finding) => finding !== false);
  return found.length > 0 ? found : [ok(`port ${port}, ${publicUrl(config, name ?? '')}`)];
}

function windowFindings(
  { user, socketFolder: folder, hasCodeServer, hasExtension, hasOldCommand }: StudentFacts,
  warning: (text: string, fix: string) => Check,
): (Check | false)[] {
  const setup = 'Run `sudo classroom-tunnel setup` again.';
  return [
    folder === 'missing' &&
      warning('There is no folder for the relay socket.', '`sudo classroom-tunnel doctor --fix` makes it.'),
    folder === 'foreign' &&
      warning(
        'The folder for the relay socket belongs to another account.',
        'Remove it, then `sudo classroom-tunnel doctor --fix`.',
      ),
    hasCodeServer === true && hasExtension === false && warning('code-server lacks the extension.', setup),
    hasOldCommand === true &&
      warning(
        'The setting `classroomTunnel.command` of an older version is there.',
        `Remove it from ~${user}/.local/share/code-server/Machine/settings.json.`,
      ),
  ];
}

/** The student whose second site would have this hostname. */
function ownerOfSecondSite(config: Class, name: string): string | undefined {
  const [, ended] = /^[^.]*-(\d{1,5})[.-]/.exec(name) ?? [];
  const extra = Number(ended);
  return Object.keys(config.ports ?? {}).find(
    (user) => isExtraPort(config, user, extra) && hostnameOf(config, user, extra) === name,
  );
}

function hostnameIn(config: Class, user: string): string | undefined {
  try {
    return hostnameOf(config, user, config.ports?.[user] ?? 0);
  } catch (error) {
    if (error instanceof FixableError) return undefined;
    throw error;
  }
}

function factsOf(user: string, { stateDir }: Config): StudentFacts {
  const account = accountOf(user);
  const data = join(account?.home ?? '/nonexistent', '.local/share/code-server');
  const read = (file: string) => {
    try {
      return readFileSync(join(data, file), 'utf8');
    } catch {
      return undefined;
    }
  };
  const extensions = read('extensions/extensions.json');
  const settings = read('Machine/settings.json');
  const folder = account && lstatSync(join(stateDir, socketFolder, String(account.uid)), { throwIfNoEntry: false });
  return {
    user,
    hasAccount: account !== undefined,
    socketFolder:
      account && existsSync(join(stateDir, socketFolder))
        ? folder
          ? folder.uid === account.uid
            ? 'theirs'
            : 'foreign'
          : 'missing'
        : undefined,
    hasCodeServer: extensions === undefined ? undefined : true,
    hasExtension: extensions?.includes('classroom-tunnel.classroom-tunnel'),
    hasOldCommand: settings?.includes('"classroomTunnel.command"'),
  };
}
