// Declares the commands that set a class up and take it away.
import { Option, type Command } from 'commander';
import { command, type CommonOptions, type RunAsTeacher } from '../commandLine.ts';
import { argument, nameList } from '../options.ts';
import type { UninstallOptions } from '../uninstall/uninstall.ts';
import type { SetupOptions } from './answers.ts';
import { parsePortRange, parsePorts } from './ports.ts';

export function addSetupCommands(program: Command, run: RunAsTeacher): void {
  addSetup(program, run);
  command(program, 'uninstall', 'take the class away: live sites, service, tunnel, files, and the program')
    .option('--dry-run', 'print everything that would be removed, and remove nothing')
    .option('--local', 'leave Cloudflare alone, when the token no longer works')
    .option('-y, --yes', 'ask nothing')
    .action((options: CommonOptions & UninstallOptions) =>
      run('uninstall', async (about) => (await import('../uninstall/uninstall.ts')).uninstall(about, options), options),
    );
}

function addSetup(program: Command, run: RunAsTeacher): void {
  command(program, 'setup', 'set a class up: asks for what it needs, shows every change, and makes it')
    .addHelpText(
      'after',
      '\nThe API token is read from its file, else from CLOUDFLARE_API_TOKEN, else from the keyboard; never from an argument.',
    )
    .option('--token-file <file>', 'the file of the API token')
    .option('--account <id>', 'the account, by name or id')
    .option('--zone <name>', 'the zone (domain), by name or id')
    .option('--tunnel <name>', 'the tunnel, by name or id')
    .option('--create-tunnel <name>', 'create a tunnel, unless there is one of this name')
    .option('--hostname <template>', "the hostname of a student's site, such as {user}.example.com")
    .option('--ports <list>', "each student's port: student1=3001,student2=3002", argument(parsePorts))
    .option('--port-range <range>', 'the ports that students may use: 3000-3099', argument(parsePortRange))
    .option('--state-dir <folder>', 'the folder of the state')
    .addOption(
      new Option(
        '--mode <mode>',
        'which accounts may use the token: a service account that works for the students, or their group',
      ).choices(['service', 'shared']),
    )
    .option('--group <name>', "the students' group; it is made if it is missing")
    .option('--students <names>', 'accounts that become members of the group: student1,student2', nameList)
    .option(
      '--service-account <name>',
      'the account that owns token and state in service mode; it is made if it is missing',
    )
    .addOption(new Option('--unit-folder <folder>', 'the folder of the systemd units').hideHelp())
    .option('--connector-token-file <file>', 'save the token that cloudflared connects the tunnel with into this file')
    .option('--api-base-url <url>', "another API than Cloudflare's, for tests")
    .option('--answers <file>', 'a JSON file with these options; the README lists its keys')
    .option('--dry-run', 'print every change, and make none')
    .option('-y, --yes', 'ask nothing, and replace the configuration if it differs')
    .action((options: CommonOptions & SetupOptions) =>
      run('setup', async (about) => (await import('./setup.ts')).setup(about, options), options),
    );
}
