// The commands of a teacher.
import { Option, type Command } from 'commander';
import { collectGarbage } from './actions.ts';
import { command, takingCommand, type CommonOptions, type RunAsTeacher, type TakingOptions } from './commandLine.ts';
import { pause, resume, stop, type PauseOptions } from './controls.ts';
import { argument, messageText } from './options.ts';
import { list, type ListOptions } from './list.ts';
import { restore } from './teacher.ts';
import type { PassphraseOptions } from './passphrase.ts';
import { parseUntil } from './until.ts';

/** Declares the commands that only teachers may call; the gate is in `run`. */
export function addTeacherCommands(program: Command, run: RunAsTeacher): void {
  command(program, 'list', 'show who is live, stopped and paused')
    .option('-w, --watch', 'show it again at every change, until Ctrl+C')
    .addOption(new Option('--screen', 'clear the terminal before each list').hideHelp())
    .action((options: ListOptions) => run('list', (about) => list(about, options), options));
  addControlCommands(program, run);
  takingCommand(program, 'gc', 'take down sites without a living holder, and finish interrupted changes')
    .option('--timer', 'keep idle DNS records for `keepRecordMinutes`, as the timer does')
    .action((options: TakingOptions & { timer?: boolean }) =>
      run(
        'gc',
        async (about) =>
          options.dryRun ? (await plans()).planCollect(about, options) : collectGarbage(about, options),
        { ...options, question: 'Take down what has no living holder, and remove idle DNS records?' },
      ),
    );
  command(program, 'log', 'show the last changes, newest last')
    .addOption(localTimes())
    .action((options: CommonOptions & LocalTimes) =>
      run('log', async (about) => (await import('./auditLog.ts')).log(about, options.localTimes ?? false), options),
    );
  takingCommand(program, 'restore', "show the tunnel's replaced configurations, or put one back")
    .argument('[name]', 'the configuration to put back')
    .addOption(localTimes())
    .action((name: string | undefined, options: TakingOptions & LocalTimes) =>
      run(
        'restore',
        async (about) =>
          options.dryRun && name !== undefined
            ? (await plans()).planRestore(about, name)
            : restore(about, name, options.localTimes ?? false),
        { ...options, question: name && `Put back ${name}, in place of the tunnel's configuration?` },
      ),
    );
  command(program, 'doctor', 'check everything that publishing needs, with a line for each student')
    .option('--fix', 'add members of the group to the roster, and make missing folders, after saying so')
    .action((options: CommonOptions & { fix?: boolean }) =>
      run('doctor', async (about) => (await import('./doctor/doctor.ts')).doctor(about, options), options),
    );
}

/** @param run runs an action in this process: only the account that owns the configuration can change it */
export function addPassphraseCommand(program: Command, run: RunAsTeacher): void {
  command(
    program,
    'passphrase',
    'set the passphrase that visitors must enter; read from the terminal or standard input',
  )
    .option('--optional', 'the class stays public; students may ask for the passphrase on their own sites')
    .option('--remove', 'make the class public again')
    .action((options: CommonOptions & PassphraseOptions) =>
      run('passphrase', async (about) => (await import('./passphrase.ts')).passphrase(about, options), options),
    );
}

interface LocalTimes {
  readonly localTimes?: boolean;
}

const localTimes = () => new Option('--local-times', 'times of this time zone, as at a terminal').hideHelp();

const plans = () => import('./dryRun.ts');

function addControlCommands(program: Command, run: RunAsTeacher): void {
  takingCommand(program, 'stop', 'take sites down now; a server that runs stays down')
    .argument('[user...]', 'whose sites')
    .option('--all', 'the sites of every user')
    .action((users: string[], options: TakingOptions & { all?: boolean }) => {
      const all = options.all ?? false;
      return run(
        'stop',
        async (about) =>
          options.dryRun && all !== users.length > 0
            ? (await plans()).planStop(about, all ? undefined : users)
            : stop(about, users, all),
        { ...options, question: all ? 'Take down the sites of every student?' : undefined },
      );
    });
  command(program, 'pause', 'take sites down and refuse new ones until a time, or until `resume`')
    .argument('[user...]', 'who is paused; without a name, everyone')
    .addOption(
      new Option('--until <time>', 'when the pause ends: 10:30, 45m, 2h or ISO 8601').argParser(
        argument((text) => parseUntil(text, new Date())),
      ),
    )
    .option('--message <text>', 'what the students are told', messageText)
    .action((users: string[], { until, message, ...options }: CommonOptions & PauseOptions) =>
      run('pause', (about) => pause(about, users, { ...(until && { until }), ...(message && { message }) }), options),
    );
  command(program, 'resume', 'end a stop or a pause')
    .argument('[user...]', "whose; without a name, everyone's")
    .action((users: string[], options: CommonOptions) => run('resume', (about) => resume(about, users), options));
}
