import { Command, InvalidArgumentError, Option } from 'commander';
import { version } from '../../package.json';
import { MendableError } from '../provisioning/errors.ts';
import {
  collectGarbage,
  info,
  publish,
  release,
  unpublish,
  type ActionContext,
  type PublishOptions,
} from './actions.ts';
import { makeReport, type Streams } from './report.ts';
import type { SetupOptions } from './setup/answers.ts';
import { parsePortRange, parsePorts } from './setup/ports.ts';
import { list, restore } from './teacher.ts';

export interface ProgramContext extends Streams {
  readonly env: NodeJS.ProcessEnv;
  readonly stop: AbortSignal;
}

interface CommonOptions {
  readonly json?: boolean;
  readonly port?: number;
}

/** The command line: what can be called, and what each call does. Every action ends with an exit code. */
export function makeProgram(context: ProgramContext, setExitCode: (code: number) => void): Command {
  const run = (action: Action, { json = false }: CommonOptions) => runAction(context, json, action).then(setExitCode);
  const program = new Command('classroom-tunnel')
    .enablePositionalOptions()
    .version(version)
    .description("Puts a student's development server on the web, and takes it down again.")
    .addHelpText(
      'after',
      '\nThe configuration is the file named by CLASSROOM_TUNNEL_CONFIG, else /etc/classroom-tunnel/config.json.\nExit codes: 0 done, 1 failed, 2 usage, 75 busy (try again), 77 not allowed, 78 configuration.',
    )
    .addOption(
      new Option(
        '--type <action>',
        'one-shot: GET prints the hostname of the port, published if it is not; DELETE takes it down',
      ).choices(['GET', 'DELETE']),
    )
    .addOption(portOption())
    .action((options: CommonOptions & { type?: 'GET' | 'DELETE' }, command: Command) => {
      const { type, port } = options;
      if (type === undefined || port === undefined)
        return command.error('error: --type GET|DELETE and --port N belong together (or name a command)');
      return run((about) => (type === 'GET' ? publish(about, port, {}) : unpublish(about, port)), options);
    });
  addStudentCommands(program, run);
  addTeacherCommands(program, run);
  return program;
}

/** Resolves to an exit code where there is more to say than done. */
type Action = (context: ActionContext) => Promise<void> | Promise<number>;
type Run = (action: Action, options: CommonOptions) => Promise<void>;

function addStudentCommands(program: Command, run: Run): void {
  command(program, 'publish', 'publish your port, and keep it for a holder')
    .addOption(portOption().makeOptionMandatory())
    .option('--holder <id>', 'who keeps it: it goes with its last holder', holderId)
    .option('--holder-pid <pid>', "the process whose life is the holder's", integer)
    .option('--relay', 'lead visitors through the relay at your own socket (what the window uses)')
    .option('--verify', 'look at Cloudflare even if it is known to be live, and mend what is missing')
    .action((options: CommonOptions & PublishOptions & { port: number }) =>
      run((about) => publish(about, options.port, options), options),
    );
  command(program, 'release', 'let go of what a holder keeps')
    .requiredOption('--holder <id>', 'who lets go', holderId)
    .action((options: CommonOptions & { holder: string }) => run((about) => release(about, options.holder), options));
  command(program, 'unpublish', 'take your port down, whoever holds it')
    .addOption(portOption().makeOptionMandatory())
    .action((options: CommonOptions & { port: number }) => run((about) => unpublish(about, options.port), options));
  command(program, 'info', 'show your port and hostname')
    .addOption(portOption())
    .action((options: CommonOptions) => run((about) => info(about, options.port), options));
}

function addTeacherCommands(program: Command, run: Run): void {
  command(program, 'list', 'show who is live').action((options: CommonOptions) => run(list, options));
  command(program, 'gc', 'take down what nobody holds any more').action((options: CommonOptions) =>
    run(collectGarbage, options),
  );
  command(program, 'restore', 'show the configurations that were replaced, or put one back')
    .argument('[name]', 'which one')
    .action((name: string | undefined, options: CommonOptions) => run((about) => restore(about, name), options));
  // These two are loaded only when called: whoever publishes need not wait for them.
  addSetupCommand(program, run);
  command(program, 'doctor', 'check everything that publishing needs').action((options: CommonOptions) =>
    run(async (about) => (await import('./doctor/doctor.ts')).doctor(about), options),
  );
}

function addSetupCommand(program: Command, run: Run): void {
  command(program, 'setup', 'set a class up: asks what it needs, and writes the configuration')
    .addHelpText(
      'after',
      '\nThe API token is read from its file, else from CLOUDFLARE_API_TOKEN, else asked for; it is never an argument.',
    )
    .option('--token-file <file>', 'the file of the API token')
    .option('--account <id>', 'the account, by name or id')
    .option('--zone <name>', 'the zone (domain), by name or id')
    .option('--tunnel <name>', 'the tunnel, by name or id')
    .option('--create-tunnel <name>', 'make a new tunnel, unless there is one of this name')
    .option('--hostname <template>', "the hostname of a student's site, such as {user}.example.com")
    .option('--ports <list>', "each student's port: student1=3001,student2=3002", argument(parsePorts))
    .option('--port-range <range>', 'the ports that students may take: 3000-3099', argument(parsePortRange))
    .option('--state-dir <folder>', 'the folder of the state')
    .addOption(
      new Option(
        '--mode <mode>',
        'who may use the token: a service account that students reach through sudo, or their group',
      ).choices(['sudo', 'shared']),
    )
    .option('--group <name>', "the students' group")
    .option('--service-account <name>', 'the account that owns token and state in sudo mode')
    .option(
      '--connector-token-file <file>',
      'save the secret with which cloudflared connects the tunnel into this file',
    )
    .option('--api-base-url <url>', "another API than Cloudflare's own, for tests")
    .option('-y, --yes', 'ask nothing, and replace the configuration where it differs')
    .action((options: CommonOptions & SetupOptions) =>
      run(async (about) => (await import('./setup/setup.ts')).setup(about, options), options),
    );
}

function command(program: Command, name: string, description: string): Command {
  return program.command(name).description(description).option('--json', 'one JSON object a line, for programs');
}

function portOption(): Option {
  return new Option('-p, --port <number>', 'the port of your development server').argParser(portNumber);
}

/** Runs one action to its exit code. An error that nobody can mend is a bug: it shows its stack. */
async function runAction({ out, err, env, stop }: ProgramContext, json: boolean, action: Action): Promise<number> {
  const report = makeReport({ out, err }, json);
  try {
    return (await action({ report, env, stop })) ?? 0;
  } catch (error) {
    if (error instanceof MendableError) return report.fail(error);
    if (stop.aborted) return 1;
    throw error;
  }
}

/** An argument's parser whose error is a usage error. */
function argument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
    }
  };
}

function portNumber(text: string): number {
  const port = integer(text);
  if (port < 1 || port > 65535) throw new InvalidArgumentError('A port is a number from 1 to 65535.');
  return port;
}

function integer(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('This is not a whole number.');
  return Number(text);
}

function holderId(text: string): string {
  if (!/^[A-Za-z0-9._-]{1,80}$/.test(text))
    throw new InvalidArgumentError('A holder is named with up to 80 letters, digits, dots, hyphens and underscores.');
  return text;
}
