// The matrix: one class with its code-server, and in its window one project after the other.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { closeShared, withCodeServer } from '../code-server/withCodeServer.ts';
import { Desk } from './desk.ts';
import { RESOLVE, serveHttps, ZONE } from './https.ts';
import type { Project } from './project.ts';
import { table } from './table.ts';
import { tryOut } from './tryOut.ts';
import type { Row } from './tryOut.ts';
import { tryTwoStudents, TWO_STUDENTS } from './twoStudents.ts';

const HEADS = [
  'project',
  'known as',
  'port',
  'page and click',
  'form',
  'edit',
  'console',
  'as locally',
  'seconds',
  'without the relay',
];

/** The project that two students run at once, when it is among those that are tried. */
const SHARED_PROJECT = 'vite-react';

/** Made, and removed at the end, by scripts/frameworks.mjs. */
const folder = process.argv[2] ?? '';
const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Prepared {
  readonly prepared: readonly Project[];
  /** A line for each project that could not be made. */
  readonly failed: readonly string[];
}

async function runMatrix(projects: readonly Project[]): Promise<{ rows: readonly Row[]; checks: readonly string[] }> {
  const rows: Row[] = [];
  const checks: string[] = [];
  const https = await serveHttps(folder);
  const options = {
    // What was ended by force is not to come back with the next window.
    settings: { 'terminal.integrated.enablePersistentSessions': false },
    zoneName: ZONE,
    browserFlags: [RESOLVE],
    publicUrl: `https://{hostname}:${https.port}`,
    configuration: { commands: ['npm run dev', 'npm start'] },
  };
  await withCodeServer(
    'frameworks',
    async (it) => {
      https.leadTo(it.classroom.standIn.edgePort);
      const desk = await Desk.open(it);
      for (const project of projects) {
        const row = await tryOut(it.browser, desk, project);
        rows.push(row);
        say(`${project.name}: ${row.problems.length === 0 ? 'well' : row.problems.join('; ')} (${row.seconds} s)`);
      }
      const shared = projects.find(({ name }) => name === SHARED_PROJECT);
      if (shared)
        checks.push(
          await tryTwoStudents(it.browser, https, shared).then(
            () => 'well',
            (error: unknown) => (error as Error).message,
          ),
        );
    },
    options,
  ).finally(closeShared);
  https.close();
  return { rows, checks };
}

function cells({ project, server, port, linked, local, problems, seconds, straight }: Row): string[] {
  const errors = linked === undefined ? '' : `${linked.errors.length} errors, locally ${local?.errors.length ?? '?'}`;
  return [
    `${project.name} ${project.version}`,
    server ?? '',
    String(port ?? '-'),
    linked?.click ?? '-',
    linked?.form ?? '',
    linked?.edit ?? '-',
    errors,
    problems.length === 0 ? 'yes' : 'NO',
    String(seconds),
    straight ?? '',
  ];
}

const { prepared, failed } = JSON.parse(await readFile(join(folder, 'projects.json'), 'utf8')) as Prepared;
const { rows, checks } = prepared.length === 0 ? { rows: [], checks: [] } : await runMatrix(prepared);
say(
  ['', table(HEADS, rows.map(cells)), '', ...failed, ...checks.map((result) => `${TWO_STUDENTS}: ${result}`)].join(
    '\n',
  ),
);
const results = [
  ...rows.map(({ problems }) => problems.length === 0),
  ...failed.map(() => false),
  ...checks.map((result) => result === 'well'),
];
const well = results.filter(Boolean).length;
for (const { project, problems } of rows) if (problems.length > 0) say(`✗ ${project.name}: ${problems.join('; ')}`);
say(`${well} passed, ${results.length - well} failed`);
process.exit(well === results.length ? 0 : 1);
