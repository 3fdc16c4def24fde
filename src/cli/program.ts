// The command line: what can be called, by whom, and what each call does.
import { Argument, Command, CommanderError, Option } from 'commander';
import { version } from '../../package.json';
import { exitCodes } from '../messages/exitCodes.ts';
import { FixableError } from '../provisioning/errors.ts';
import { info, publish, release, unpublish, type PublishOptions } from './actions.ts';
import { isThroughSudo } from './caller.ts';
import { command, type Action, type CommonOptions, type Run, type RunAsTeacher } from './commandLine.ts';
import { isConfirmed } from './confirm.ts';
import { holderId, integer, portOption } from './options.ts';
import { makeReport, quietly, type Streams, type Style } from './report.ts';
import { addRosterCommand } from './roster/command.ts';
import { addSetupCommands } from './setup/command.ts';
import { completion, completionKinds, type CompletionKind } from './completion.ts';
import { takeGlobalOptions } from './globalOptions.ts';
import { arrangeHelp, examples, refuseUnknown } from './help.ts';
import { callService } from './service/client.ts';
import type { ServeOptions } from './service/serve.ts';
import { ownsState, serviceSocket, type Surroundings } from './session.ts';
import type { Tool } from './relayedSite.ts';
import type { ShellSiteOptions } from './shellSite.ts';
import { shellInit, shells, type Shell } from './shellInit.ts';
import { addPassphraseCommand, addTeacherCommands } from './teacherCommands.ts';
import { requireTeacher } from './teacherOnly.ts';

export interface ProgramContext extends Streams, Surroundings {
  readonly stop: AbortSignal;
  /** Whether the output goes to a terminal. */
  readonly isTerminal?: boolean;
  /** Neither progress nor warnings. */
  readonly isQuiet?: boolean;
}

/** Runs the command with these arguments. @returns its exit code */
export async function runProgram(given: readonly string[], around: ProgramContext): Promise<number> {
  const {
    args: words,
    env,
    quiet,
  } = around.peer === undefined ? takeGlobalOptions(given, around.env) : { args: given, env: around.env, quiet: false };
  const context = { ...around, env, isQuiet: quiet };
  const args = context.isTerminal && !words.includes('--json') ? withTerminalOptions(words) : words;
  let exitCode: number = exitCodes.done;
  const program = makeProgram(args, context, (code) => (exitCode = code));
  for (const command of allCommands(program))
    command
      .exitOverride()
      .configureOutput({
        writeOut: (text) => context.out(text.trimEnd()),
        writeErr: (text) => context.err(text.trimEnd()),
      });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  }
}

const allCommands = (command: Command): Command[] => [command, ...command.commands.flatMap(allCommands)];

/** The options by which the service knows that the output goes to a terminal. */
function withTerminalOptions(words: readonly string[]): readonly string[] {
  const [name = ''] = words;
  if (name === 'list') return [...words, '--screen'];
  return ['log', 'restore'].includes(name) ? [...words, '--local-times'] : words;
}

/** Declares the whole command line. Every action ends with an exit code. */
function makeProgram(args: readonly string[], context: ProgramContext, setExitCode: (code: number) => void): Command {
  const runHere: Run = (action, options) => runAction(context, styleOf(options), action).then(setExitCode);
  const run: Run = async (action, options) => {
    if (context.peer === undefined && !(await isConfirmed(options))) {
      setExitCode(exitCodes.failed);
      return;
    }
    const socket = serviceSocket(context);
    return runHere(socket === undefined ? action : () => callUntilDone(socket, args, context, options), options);
  };
  const program = new Command('classroom-tunnel')
    .enablePositionalOptions()
    .version(version, '-v, --version')
    .helpCommand(true)
    .allowExcessArguments()
    .description("Puts a student's development server on the web, and takes it down again.")
    .addOption(
      new Option(
        '--type <action>',
        'for scripts: GET prints the hostname of the port and publishes it if needed; DELETE takes it down',
      ).choices(['GET', 'DELETE']),
    )
    .addOption(portOption())
    .option('--config <file>', 'the configuration; before the name of the command')
    .option('-q, --quiet', 'neither progress nor warnings; before the name of the command')
    .action((options: CommonOptions & { type?: 'GET' | 'DELETE' }, command: Command) => {
      const { type, port } = options;
      if (command.args.length > 0) return refuseUnknown(command);
      if (type === undefined && port === undefined) return context.out(command.helpInformation() + examples);
      if (type === undefined || port === undefined)
        return command.error('error: --type GET|DELETE and --port N belong together (or name a command)');
      return run((about) => (type === 'GET' ? publish(about, port, {}) : unpublish(about, port)), options);
    });
  addStudentCommands(program, run);
  addTeacherCommands(program, asTeacher(run));
  if (context.peer === undefined) addLocalCommands(program, context, runHere);
  arrangeHelp(program);
  return program;
}

/** The service ends a watch after some minutes; it goes on with the next call. */
async function callUntilDone(
  socket: string,
  args: readonly string[],
  context: ProgramContext,
  { watch }: { readonly watch?: boolean },
): Promise<number> {
  for (;;) {
    const code = await callService(socket, args, context);
    if (!watch || code !== exitCodes.busy || context.stop.aborted) return code;
  }
}

/** The gate before every command of a teacher. */
function asTeacher(run: Run): RunAsTeacher {
  return (verb, action, options) =>
    run((about) => {
      requireTeacher(verb, about);
      return action(about);
    }, options);
}

function addStudentCommands(program: Command, run: Run): void {
  command(program, 'publish', 'publish your port for as long as its holder lives')
    .addOption(portOption().makeOptionMandatory())
    .option('--holder <id>', 'names the holder; the publication ends with its last holder', holderId)
    .option('--holder-pid <pid>', 'the process that the holder lives as long as', integer)
    .addOption(new Option('--run-pid <pid>', 'a process of the server').argParser(integer).hideHelp())
    .option('--relay', 'route visitors through the relay at your own socket, as the window does')
    .option('--private', 'that relay asks visitors for the passphrase of the class')
    .addOption(new Option('--relay-port <number>', 'a port of that relay too').argParser(integer).hideHelp())
    .option('--verify', 'check Cloudflare even if the site is known to be live, and fix what is missing')
    .addOption(new Option('--sentence', 'print one line for a student: the address or the problem').hideHelp())
    .action((options: CommonOptions & PublishOptions & { port: number }) =>
      run((about) => publish(about, options.port, options), options),
    );
  command(program, 'release', 'end what a holder holds')
    .requiredOption('--holder <id>', 'names the holder', holderId)
    .action((options: CommonOptions & { holder: string }) => run((about) => release(about, options.holder), options));
  command(program, 'unpublish', 'take your port down, whatever its holders')
    .addOption(portOption().makeOptionMandatory())
    .action((options: CommonOptions & { port: number }) => run((about) => unpublish(about, options.port), options));
  command(program, 'info', 'show your port and hostname')
    .addOption(portOption())
    .action((options: CommonOptions) => run((about) => info(about, options.port), options));
}

/** Runs commands of this program in its own process. */
function toolIn(context: ProgramContext): Tool {
  return async (args) => {
    let last: Record<string, unknown> = {};
    const out = (line: string) => void (last = JSON.parse(line) as Record<string, unknown>);
    await runProgram([...args, '--json'], { ...context, out, err: () => undefined });
    return last;
  };
}

/** Declares the commands that the service does not run for a caller. */
function addLocalCommands(program: Command, context: ProgramContext, run: Run): void {
  command(program, 'run', 'run a development server, and publish it for as long as it runs')
    .argument('<command...>', 'the command and its arguments')
    .option('--private', 'ask visitors for the passphrase of the class')
    .passThroughOptions()
    .action((words: string[], options: CommonOptions & { private?: boolean }) => {
      const say = (line: string) => context.err(`Classroom Tunnel: ${line}`);
      const isPrivate = options.private ?? false;
      return run(
        async (about) => (await import('./run.ts')).run(about, words, { tool: toolIn(context), say, isPrivate }),
        options,
      );
    });
  program
    .command('publish-shell', { hidden: true })
    .addOption(portOption().makeOptionMandatory())
    .requiredOption('--holder <id>', 'names the holder', holderId)
    .requiredOption('--shell-pid <pid>', 'the shell that the site lives as long as', integer)
    .option('--run-pid <pid>', 'a process of the server', integer)
    .action((options: ShellSiteOptions) =>
      run(
        async (about) => (await import('./shellSite.ts')).publishShell(about, options, toolIn(context), context.out),
        { sentence: true },
      ),
    );
  command(program, 'shell-init', 'print the settings of the shell hooks, to be evaluated by the shell')
    .addArgument(new Argument('<shell>').choices(shells))
    .action((shell: Shell, options: CommonOptions) => run((about) => shellInit(about, shell), options));
  command(program, 'completion', 'print the completions of a shell, or the manual page')
    .addArgument(new Argument('<kind>').choices(completionKinds))
    .action((kind: CompletionKind) => context.out(completion(kind, program, version)));
  addSetupCommands(program, asTeacher(run));
  addRosterCommand(program, asTeacher(run));
  addPassphraseCommand(program, asTeacher(run));
  command(program, 'serve', 'serve one connection on standard input, which systemd has accepted')
    .option('--peer <instance>', "the name of the unit's instance (%i), which has the user id of the peer")
    .action((options: CommonOptions & ServeOptions) =>
      run(async ({ env, stop }) => (await import('./service/serve.ts')).serve(options, env, stop), options),
    );
}

function styleOf({ json, sentence }: CommonOptions): Style {
  return json ? 'json' : sentence ? 'sentence' : 'text';
}

/** Runs one action to its exit code. An error that a person cannot fix is a bug: it shows its stack. */
async function runAction(context: ProgramContext, style: Style, action: Action): Promise<number> {
  const report = context.isQuiet ? quietly(makeReport(context, style)) : makeReport(context, style);
  const { env, peer, stop } = context;
  try {
    const isSudo = isThroughSudo(process.getuid?.() ?? 0, env, process.argv[1] ?? '');
    if (isSudo && ownsState(context)) throw new FixableError('sudo-refused');
    return (await action({ report, env, peer, stop })) ?? 0;
  } catch (error) {
    if (error instanceof FixableError) return report.fail(error);
    if (stop.aborted) return 1;
    throw error;
  }
}
