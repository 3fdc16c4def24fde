// The order in which the help shows the commands, and its examples.
import type { Command } from 'commander';

/** In the order in which a teacher needs them. A command that is not named here comes last, among those for programs. */
const groups: readonly (readonly [title: string, ...names: readonly string[]])[] = [
  ['Set-up:', 'setup', 'doctor', 'roster', 'passphrase', 'uninstall'],
  ['The class:', 'list', 'stop', 'pause', 'resume', 'log'],
  ['At Cloudflare:', 'gc', 'restore'],
  ['For students:', 'run', 'info'],
];
const lastGroup = 'For windows, shells and scripts:';

export const examples = `
Examples:
  sudo classroom-tunnel setup                          sets a class up
  sudo classroom-tunnel list --watch                   shows who is live
  sudo classroom-tunnel pause --until 10:30            pauses everyone
  classroom-tunnel run npm run dev                     publishes a server from a plain shell
  classroom-tunnel --type GET --port 3000              publishes a port, and prints its hostname
  source <(classroom-tunnel completion bash)           completes commands in bash

The configuration is the file that \`--config\` or CLASSROOM_TUNNEL_CONFIG names, else /etc/classroom-tunnel/config.json.
Exit codes: 0 done, 1 failed, 2 usage, 75 busy (try again), 77 not allowed, 78 configuration.`;

/** Puts the commands into groups. */
export function arrangeHelp(program: Command): void {
  const place = ({ name }: { readonly name: string }) => {
    const index = groups.findIndex(([, ...names]) => names.includes(name));
    return index < 0 ? groups.length : index;
  };
  const rank = (command: Command) => {
    const index = place({ name: command.name() });
    return index * 100 + (groups[index]?.indexOf(command.name()) ?? 0);
  };
  (program.commands as Command[]).sort((a, b) => rank(a) - rank(b));
  for (const command of program.commands) command.helpGroup(groups[place({ name: command.name() })]?.[0] ?? lastGroup);
  program.addHelpText('after', examples);
}

/** Ends with an error that names the command that was meant. */
export function refuseUnknown(program: Command): never {
  // commander calls this for a program without an action of its own; its types leave it out.
  (program as unknown as { unknownCommand(): void }).unknownCommand();
  throw new Error('unreachable');
}
