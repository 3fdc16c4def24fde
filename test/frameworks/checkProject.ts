// Checks one project: starts it in a terminal, visits it through the link and locally, compares the two, and stops it.
import { inEnglish } from '../../src/messages/texts.ts';
import type { Browser } from 'playwright-core';
import { probe } from '../../src/relay/probe.ts';
import { findServer } from './studentDriver.ts';
import type { StudentDriver } from './studentDriver.ts';
import { earlyVisitor } from './earlyVisitor.ts';
import type { Project } from './project.ts';
import { visit } from './visit.ts';
import type { Visit } from './visit.ts';

export interface Row {
  readonly project: Project;
  seconds: number;
  /** Empty when the project passes. */
  readonly problems: string[];
  port?: number;
  server?: string | undefined;
  /** The result of a probe without the relay. */
  direct?: string;
  local?: Visit;
  linked?: Visit;
}

/** A project that hangs must not block the others. Milliseconds. */
const projectLimit = 8 * 60_000;
/** For the probe without the relay. Milliseconds. */
const directLimit = 30_000;

/** Never rejects: errors are in the row. */
export async function checkProject(browser: Browser, student: StudentDriver, project: Project): Promise<Row> {
  const begun = performance.now();
  const row: Row = { project, seconds: 0, problems: [] };
  const addProblem = (error: unknown): void => void row.problems.push((error as Error).message);
  const limit = setTimeout(() => {
    addProblem(new Error(`not done in ${projectLimit / 1000} s`));
    void endVisits(browser, student);
  }, projectLimit);
  await runThrough(browser, student, row).catch(addProblem);
  clearTimeout(limit);
  await endVisits(browser, student);
  await student.clear().catch(addProblem);
  row.seconds = Math.round((performance.now() - begun) / 1000);
  return row;
}

async function runThrough(browser: Browser, student: StudentDriver, row: Row): Promise<void> {
  const { project } = row;
  const { siteUrl } = student.classroom;
  const started = await student.start(project);
  await student.untilPublic();
  const early = await earlyVisitor(browser, siteUrl);
  await student.untilLive(started);
  await early.seesTheSite();
  const {
    target: { address, port },
    server,
  } = await findServer(started, student.classroom.port);
  Object.assign(row, { port, server });
  row.linked = await visit(browser, siteUrl, project);
  row.local = await visit(browser, `http://localhost:${port}`, project);
  row.problems.push(...differences(row.local, row.linked));
  const direct = await probe({
    address: { host: address, port },
    site: new URL(siteUrl),
    server,
    signal: AbortSignal.timeout(directLimit),
  });
  row.direct = direct.kind === 'refuses' ? `refuses: ${inEnglish(direct.fix)}` : direct.kind;
  await student.stop(started);
  await early.seesThatItIsStopped();
}

/** Closes every visitor's browser context; steps that wait there fail. */
async function endVisits(browser: Browser, student: StudentDriver): Promise<void> {
  await Promise.allSettled(
    browser
      .contexts()
      .filter((context) => context !== student.context)
      .map((context) => context.close()),
  );
}

/** How the visit through the link differs from the local one. */
function differences(local: Visit, linked: Visit): string[] {
  const compare = (name: 'click' | 'form' | 'edit'): string[] =>
    linked[name] === local[name] ? [] : [`${name}: ${linked[name]}, locally ${local[name]}`];
  const more = linked.errors
    .filter((error) => !local.errors.includes(error))
    .map((error) => `only through the link: ${error}`);
  return [
    ...(local.click === 'works' ? [] : [`not even locally: ${local.click}`]),
    ...compare('click'),
    ...compare('form'),
    ...compare('edit'),
    ...more,
  ];
}
