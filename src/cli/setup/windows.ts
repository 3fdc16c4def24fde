// The students' code-servers: the extension, the machine settings and the trusted domain of each.
import { join } from 'node:path';
import type { MadeWindow } from './made.ts';
import type { Step } from './steps.ts';
import { addSettings, addTrustedDomain, parseSettings } from './windowFiles.ts';
import type { StudentAccount } from './studentAccount.ts';

export const windowsTitle = "The students' windows";
export const extensionId = 'classroom-tunnel.classroom-tunnel';
export const settingsFile = '.local/share/code-server/Machine/settings.json';
export const serverConfigFile = '.config/code-server/config.yaml';
const extensionsFile = '.local/share/code-server/extensions/extensions.json';

/** The wanted state of every student's code-server. */
export interface WindowWishes {
  readonly version: string;
  readonly vsix: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Such as `*.example.com`. */
  readonly trustedDomain: string;
}

/** The files of one code-server; undefined where there is none. */
export interface WindowFacts {
  readonly extensions: string | undefined;
  readonly settings: string | undefined;
  readonly serverConfig: string | undefined;
}

export interface WindowChanges {
  readonly installs: boolean;
  /** The new text of the file. */
  readonly settings?: string;
  readonly serverConfig?: string;
  /** The parts that are left to the teacher. */
  readonly problem?: string;
}

/** Pure. */
export function windowChanges(
  { extensions, settings, serverConfig }: WindowFacts,
  wishes: WindowWishes,
): WindowChanges {
  const newSettings = addSettings(settings, wishes.settings);
  const newConfig = serverConfig === undefined ? undefined : addTrustedDomain(serverConfig, wishes.trustedDomain);
  return {
    installs: !hasExtension(extensions, wishes.version),
    ...(newSettings !== undefined && newSettings !== settings ? { settings: newSettings } : {}),
    ...(newConfig !== undefined && newConfig !== serverConfig ? { serverConfig: newConfig } : {}),
    ...(newSettings === undefined ? { problem: 'is not a JSON object' } : {}),
  };
}

/** @param list the content of extensions.json */
export function hasExtension(list: string | undefined, version?: string): boolean {
  try {
    const entries = JSON.parse(list ?? '[]') as { identifier?: { id?: string }; version?: string }[];
    return entries.some(
      (entry) => entry.identifier?.id === extensionId && (version === undefined || entry.version === version),
    );
  } catch {
    return false;
  }
}

export function readWindow(student: StudentAccount): WindowFacts {
  return {
    extensions: student.read(extensionsFile),
    settings: student.read(settingsFile),
    serverConfig: student.read(serverConfigFile),
  };
}

/** Students at the same time: installing an extension keeps one processor busy. */
const atOnce = 2;

/** Is told of what the step does. */
export interface WindowEvents {
  /** The additions for a student. */
  readonly onMade: (user: string, made: MadeWindow) => void;
  /** The rest that was left, in one line. */
  readonly onProblem: (line: string) => void;
}

type TakeBack = () => Promise<void> | void;

/** A step for all students. A student whose files refuse it does not fail the set-up of the others. */
export function windowsStep(students: readonly StudentAccount[], wishes: WindowWishes, events: WindowEvents): Step {
  const undo: TakeBack[] = [];
  return {
    title: windowsTitle,
    plan: () => students.flatMap((student) => describeChanges(student, wishes)),
    async apply() {
      const left = students.filter((student) => describeChanges(student, wishes).length > 0);
      const work = async () => {
        for (let student = left.shift(); student; student = left.shift()) {
          const { user } = student;
          await configure(student, wishes, events, undo).catch((error: unknown) =>
            events.onProblem(`The window of ${user}: ${messageOf(error)}`),
          );
        }
      };
      await Promise.all(Array.from({ length: atOnce }, work));
    },
    verify: () => Promise.resolve(undefined), // a student's fault was reported and fails nothing else
    async undo() {
      for (const takeBack of undo.splice(0)) await takeBack();
    },
  };
}

async function configure(
  student: StudentAccount,
  wishes: WindowWishes,
  { onMade, onProblem }: WindowEvents,
  undo: TakeBack[],
): Promise<void> {
  const before = readWindow(student);
  const isNew = !hasExtension(before.extensions);
  if (windowChanges(before, wishes).installs) {
    await student.codeServer('--install-extension', wishes.vsix, '--force');
    if (isNew) undo.unshift(() => student.codeServer('--uninstall-extension', extensionId));
  }
  const there = readWindow(student); // code-server writes its configuration when it first runs
  const { installs, settings, serverConfig, problem } = windowChanges(there, wishes);
  for (const [file, text, old] of [
    [settingsFile, settings, there.settings],
    [serverConfigFile, serverConfig, there.serverConfig],
  ] as const) {
    if (text === undefined) continue;
    student.write(file, text);
    undo.unshift(() => (old === undefined ? student.remove(file) : student.write(file, old)));
  }
  if (installs) onProblem(`The window of ${student.user}: code-server does not list the extension.`);
  if (problem) onProblem(`${join(student.home, settingsFile)} ${problem}: it was left as it is.`);
  const known = parseSettings(there.settings ?? '') ?? {};
  onMade(student.user, {
    extension: isNew,
    settings: settings === undefined ? [] : Object.keys(wishes.settings).filter((key) => !Object.hasOwn(known, key)),
    ...(serverConfig === undefined ? {} : { trustedDomain: wishes.trustedDomain }),
  });
}

function describeChanges(student: StudentAccount, wishes: WindowWishes): string[] {
  const facts = readWindow(student);
  const { installs, settings, serverConfig } = windowChanges(facts, wishes);
  const willTrust = serverConfig !== undefined || (installs && facts.serverConfig === undefined);
  return [
    ...(installs ? [`${student.user}: code-server --install-extension ${wishes.vsix}`] : []),
    ...(settings === undefined ? [] : [`${student.user}: change ${join(student.home, settingsFile)}`]),
    ...(willTrust ? [`${student.user}: change ${join(student.home, serverConfigFile)}`] : []),
  ];
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
