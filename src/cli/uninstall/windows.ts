// Takes extension, settings and trusted domain out of the students' code-servers, as far as setup added them.
import { openStudent, type StudentAccount } from '../setup/studentAccount.ts';
import { machineSettings } from '../setup/nextSteps.ts';
import type { MadeWindow } from '../setup/made.ts';
import { removeSettings, removeTrustedDomain } from '../setup/windowFiles.ts';
import {
  extensionId,
  hasExtension,
  readWindow,
  serverConfigFile,
  settingsFile,
  windowsTitle,
} from '../setup/windows.ts';
import type { ClassToRemove } from './classToRemove.ts';
import type { Removal } from './steps.ts';

export function windowSteps(facts: ClassToRemove, onLeft: (line: string) => void): Removal[] {
  const students = Object.entries(facts.made.windows).flatMap(([user, made]) => {
    const student = openStudent(user);
    return student ? [{ student, made }] : [];
  });
  return [
    {
      title: windowsTitle,
      changes: students.flatMap(({ student, made }) => describe(student, made)),
      async apply() {
        for (const { student, made } of students)
          await clear(student, made, machineSettings(facts)).catch((error: unknown) =>
            onLeft(`The window of ${student.user}: ${error instanceof Error ? error.message : String(error)}`),
          );
      },
    },
  ];
}

function describe({ user, home }: StudentAccount, { extension, settings, trustedDomain }: MadeWindow): string[] {
  return [
    ...(extension ? [`${user}: code-server --uninstall-extension ${extensionId}`] : []),
    ...(settings.length > 0 ? [`${user}: remove ${settings.join(', ')} from ${home}/${settingsFile}`] : []),
    ...(trustedDomain === undefined ? [] : [`${user}: remove ${trustedDomain} from ${home}/${serverConfigFile}`]),
  ];
}

async function clear(
  student: StudentAccount,
  { extension, settings: keys, trustedDomain }: MadeWindow,
  wanted: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { extensions, settings, serverConfig } = readWindow(student);
  if (settings !== undefined && keys.length > 0) {
    const left = removeSettings(settings, Object.fromEntries(keys.map((key) => [key, wanted[key]])));
    if (left === undefined) student.remove(settingsFile);
    else if (left !== settings) student.write(settingsFile, left);
  }
  if (serverConfig !== undefined && trustedDomain !== undefined) {
    const left = removeTrustedDomain(serverConfig, trustedDomain);
    if (left !== serverConfig) student.write(serverConfigFile, left);
  }
  if (extension && hasExtension(extensions)) await student.codeServer('--uninstall-extension', extensionId);
}
