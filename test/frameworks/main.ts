// The matrix: checks one project after the other in one window of one code-server, and prints a table.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { closeShared, withCodeServer } from '../code-server/withCodeServer.ts';
import { StudentDriver } from './studentDriver.ts';
import { resolverFlag, serveHttps, zone } from './https.ts';
import type { Project } from './project.ts';
import { table } from './table.ts';
import { checkProject } from './checkProject.ts';
import type { Row } from './checkProject.ts';
import { checkTwoStudents, twoStudents } from './twoStudents.ts';

const headings = [
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

/** Two students run this project at once, if it was chosen. */
const sharedProject = 'vite-react';

/** scripts/frameworks.mjs makes it, and removes it at the end. */
const folder = process.argv[2] ?? '';
const print = (line: string): void => void process.stdout.write(`${line}\n`);

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
    zoneName: zone,
    browserFlags: [resolverFlag],
    publicUrl: `https://{hostname}:${https.port}`,
    configuration: { commands: ['npm run dev', 'npm start'] },
  };
  await withCodeServer(
    'frameworks',
    async (it) => {
      https.leadTo(it.classroom.standIn.edgePort);
      const student = await StudentDriver.open(it);
      for (const project of projects) {
        const row = await checkProject(it.browser, student, project);
        rows.push(row);
        print(`${project.name}: ${row.problems.length === 0 ? 'passed' : row.problems.join('; ')} (${row.seconds} s)`);
      }
      const shared = projects.find(({ name }) => name === sharedProject);
      if (shared)
        checks.push(
          await checkTwoStudents(it.browser, https, shared).then(
            () => 'passed',
            (error: unknown) => (error as Error).message,
          ),
        );
    },
    options,
  ).finally(closeShared);
  https.close();
  return { rows, checks };
}

function cells({ project, server, port, linked, local, problems, seconds, direct }: Row): string[] {
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
    direct ?? '',
  ];
}

const { prepared, failed } = JSON.parse(await readFile(join(folder, 'projects.json'), 'utf8')) as Prepared;
const { rows, checks } = prepared.length === 0 ? { rows: [], checks: [] } : await runMatrix(prepared);
print(
  ['', table(headings, rows.map(cells)), '', ...failed, ...checks.map((result) => `${twoStudents}: ${result}`)].join(
    '\n',
  ),
);
const results = [
  ...rows.map(({ problems }) => problems.length === 0),
  ...failed.map(() => false),
  ...checks.map((result) => result === 'passed'),
];
const passed = results.filter(Boolean).length;
for (const { project, problems } of rows) if (problems.length > 0) print(`✗ ${project.name}: ${problems.join('; ')}`);
print(`${passed} passed, ${results.length - passed} failed`);
process.exit(passed === results.length ? 0 : 1);
