// Declares the command `roster`.
import type { Command } from 'commander';
import { command, type CommonOptions, type RunAsTeacher } from '../commandLine.ts';
import type { RosterOptions } from './roster.ts';

type Options = CommonOptions & RosterOptions;

/** @param run runs an action in this process: only the account that owns the configuration can change it */
export function addRosterCommand(program: Command, run: RunAsTeacher): void {
  const load = () => import('./roster.ts');
  const roster = command(program, 'roster', 'show who is in the class, or change it').action((options: Options) =>
    run('roster', async (about) => (await load()).showRoster(about), options),
  );
  const dry = ['--dry-run', 'show what would change, and change nothing'] as const;
  command(roster, 'add', 'add students by their accounts')
    .argument('<user...>')
    .option(...dry)
    .action((users: string[], _, own: Command) => {
      const options = own.optsWithGlobals<Options>();
      return run('roster', async (about) => (await load()).addStudents(about, users, options), options);
    });
  command(roster, 'remove', 'remove students, and take their sites down')
    .argument('<user...>')
    .option(...dry)
    .action((users: string[], _, own: Command) => {
      const options = own.optsWithGlobals<Options>();
      return run('roster', async (about) => (await load()).removeStudents(about, users, options), options);
    });
  command(roster, 'import', 'add the students of a CSV file of Google Classroom, Moodle or Canvas')
    .argument('<file>')
    .option(...dry)
    .action((file: string, _, own: Command) => {
      const options = own.optsWithGlobals<Options>();
      return run('roster', async (about) => (await load()).importStudents(about, file, options), options);
    });
  command(roster, 'sync', 'add the members of the group, and remove everyone else')
    .option('--group <name>', 'the group; else `studentGroup` of the configuration')
    .option(...dry)
    .action((_, own: Command) => {
      const options = own.optsWithGlobals<Options>();
      return run('roster', async (about) => (await load()).syncStudents(about, options), options);
    });
}
