// The commands of a teacher.
import { Option, type Command } from 'commander';
import { collectGarbage } from './actions.ts';
import { command, type CommonOptions, type RunAsTeacher } from './commandLine.ts';
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
  command(program, 'gc', 'take down sites without a living holder, and finish interrupted changes')
    .option('--timer', 'keep idle DNS records for `keepRecordMinutes`, as the timer does')
    .action((options: CommonOptions & { timer?: boolean }) =>
      run('gc', (about) => collectGarbage(about, options), options),
    );
  command(program, 'log', 'show the last changes, newest last').action((options: CommonOptions) =>
    run('log', async (about) => (await import('./auditLog.ts')).log(about), options),
  );
  command(program, 'restore', "show the tunnel's replaced configurations, or put one back")
    .argument('[name]', 'the configuration to put back')
    .action((name: string | undefined, options: CommonOptions) =>
      run('restore', (about) => restore(about, name), options),
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

function addControlCommands(program: Command, run: RunAsTeacher): void {
  command(program, 'stop', 'take sites down now; a server that runs stays down')
    .argument('[user...]', 'whose sites')
    .option('--all', 'the sites of every user')
    .action((users: string[], options: CommonOptions & { all?: boolean }) =>
      run('stop', (about) => stop(about, users, options.all ?? false), options),
    );
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
