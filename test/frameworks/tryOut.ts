// One project of the matrix: typed in the window's terminal, seen through the link and locally, stopped. Both views must be the same.
import type { Browser } from 'playwright-core';
import { probe } from '../../src/relay/probe.ts';
import { lookAt } from './desk.ts';
import type { Desk } from './desk.ts';
import { earlyVisitor } from './earlyVisitor.ts';
import type { Project } from './project.ts';
import { visit } from './visit.ts';
import type { Visit } from './visit.ts';

export interface Row {
  readonly project: Project;
  seconds: number;
  /** What is wrong; empty when all is well. */
  readonly problems: string[];
  port?: number;
  server?: string | undefined;
  /** What a visitor would be told by the server itself, without the relay. */
  straight?: string;
  local?: Visit;
  linked?: Visit;
}

/** Far more than a slow machine needs, so that one that hangs does not keep the others. Milliseconds. */
const PROJECT_LIMIT = 8 * 60_000;
/** For the server's answer to a public name, asked without the relay. Milliseconds. */
const STRAIGHT_LIMIT = 30_000;

/** Never rejects: what went wrong is in the row. */
export async function tryOut(browser: Browser, desk: Desk, project: Project): Promise<Row> {
  const begun = performance.now();
  const row: Row = { project, seconds: 0, problems: [] };
  const note = (error: unknown): void => void row.problems.push((error as Error).message);
  const limit = setTimeout(() => {
    note(new Error(`not done in ${PROJECT_LIMIT / 1000} s`));
    void endVisits(browser, desk);
  }, PROJECT_LIMIT);
  await seeItThrough(browser, desk, row).catch(note);
  clearTimeout(limit);
  await endVisits(browser, desk);
  await desk.clear().catch(note);
  row.seconds = Math.round((performance.now() - begun) / 1000);
  return row;
}

async function seeItThrough(browser: Browser, desk: Desk, row: Row): Promise<void> {
  const { project } = row;
  const { siteUrl } = desk.classroom;
  const started = await desk.start(project);
  await desk.untilPublic();
  const early = await earlyVisitor(browser, siteUrl);
  await desk.untilLive(started);
  await early.seesTheSite();
  const {
    target: { address, port },
    server,
  } = await lookAt(started, desk.classroom.port);
  Object.assign(row, { port, server });
  row.linked = await visit(browser, siteUrl, project);
  row.local = await visit(browser, `http://localhost:${port}`, project);
  row.problems.push(...differences(row.local, row.linked));
  const straight = await probe({
    address: { host: address, port },
    site: new URL(siteUrl),
    server,
    signal: AbortSignal.timeout(STRAIGHT_LIMIT),
  });
  row.straight = straight.kind === 'refuses' ? `refuses: ${straight.fix}` : straight.kind;
  await desk.stop(started);
  await early.seesThatItIsStopped();
}

/** Closes what visitors have open; whoever waits for something there is told. */
async function endVisits(browser: Browser, desk: Desk): Promise<void> {
  await Promise.allSettled(
    browser
      .contexts()
      .filter((context) => context !== desk.context)
      .map((context) => context.close()),
  );
}

/** What a visitor misses through the link and has locally, or gets through the link alone. */
function differences(local: Visit, linked: Visit): string[] {
  const here = (name: 'click' | 'form' | 'edit'): string[] =>
    linked[name] === local[name] ? [] : [`${name}: ${linked[name]}, locally ${local[name]}`];
  const more = linked.errors
    .filter((error) => !local.errors.includes(error))
    .map((error) => `only through the link: ${error}`);
  return [
    ...(local.click === 'works' ? [] : [`not even locally: ${local.click}`]),
    ...here('click'),
    ...here('form'),
    ...here('edit'),
    ...more,
  ];
}
