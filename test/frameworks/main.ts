// The matrix: each project started in a terminal and seen twice, locally and through the link. Both must be the same.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { openLink, PUBLIC_HOST } from './link.ts';
import type { Link } from './link.ts';
import type { Project } from './project.ts';
import { nameServer } from '../../src/relay/devServers.ts';
import { descendants } from '../../src/shell/processes.ts';
import { probe } from '../../src/relay/probe.ts';
import type { Door } from '../../src/relay/probe.ts';
import type { Verdict } from '../../src/relay/verdict.ts';
import { untilListening } from './server.ts';
import { table } from './table.ts';
import { openBash } from './terminal.ts';
import { visit } from './visit.ts';
import type { Visit } from './visit.ts';

interface Row {
  project: Project;
  seconds: number;
  /** What is wrong; empty when all is well. */
  problems: string[];
  port?: number;
  server?: string;
  /** What a visitor would be told by the server itself, without the relay. */
  straight?: string;
  local?: Visit;
  linked?: Visit;
}

const projects = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as Project[];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '',
  args: [
    '--no-sandbox', '--disable-quic', '--disable-background-networking', '--no-first-run', '--disable-sync', '--disable-component-update',
    '--disable-dev-shm-usage', `--host-resolver-rules=MAP ${PUBLIC_HOST} 127.0.0.1`,
  ],
});
const rows: Row[] = [];
try {
  for (const project of projects) {
    const row = await tryOut(browser, project);
    rows.push(row);
    process.stdout.write(`${project.name}: ${row.problems.length === 0 ? 'well' : row.problems.join('; ')} (${row.seconds} s)\n`);
  }
} finally {
  await browser.close();
}
process.stdout.write(`\n${table(['project', 'known as', 'port', 'page and click', 'form', 'edit', 'console', 'as locally', 'seconds', 'without the relay'], rows.map(cells))}\n`);
const failed = rows.filter(({ problems }) => problems.length > 0).length;
process.stdout.write(`${rows.length - failed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

async function tryOut(browser: Browser, project: Project): Promise<Row> {
  const begun = Date.now();
  const row: Row = { project, seconds: 0, problems: [] };
  const link = await openLink();
  const port = await freePort();
  const terminal = openBash(project.folder, { ...project.environment, BROWSER: 'none', PORT: String(port) });
  try {
    const waiting = await waitingPage(browser, link);
    terminal.type(project.command);
    const target = await untilListening(terminal, port);
    const server = nameServer(descendants(terminal.pid));
    Object.assign(row, { port: target.port, server });
    link.relay.setTarget({ ...target, ...server !== undefined && { server } });
    row.problems.push(...await waiting());
    row.linked = await visit(browser, link.url, project);
    row.local = await visit(browser, `http://localhost:${target.port}`, project);
    row.problems.push(...differences(row.local, row.linked));
    const judged = (door: Door): Promise<Verdict> => probe({ door, site: new URL(link.url), server, signal: AbortSignal.timeout(30_000) });
    const verdict = await judged({ socketPath: link.socket });
    if (verdict.kind !== 'live') row.problems.push(`the check finds it ${JSON.stringify(verdict)}`);
    const straight = await judged({ host: target.address, port: target.port });
    row.straight = straight.kind === 'refuses' ? `refuses: ${straight.mend}` : straight.kind;
  } catch (error) {
    row.problems.push((error as Error).message);
  } finally {
    await terminal.close();
    await link.close();
  }
  row.seconds = Math.round((Date.now() - begun) / 1000);
  return row;
}

/** A visitor who came too early: sees the page that waits, and then the site without doing anything. */
async function waitingPage(browser: Browser, link: Link): Promise<() => Promise<string[]>> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const response = await page.goto(link.url);
  return async () => {
    const opened = await page.getByRole('button').first().waitFor({ timeout: 60_000 }).then(() => true, () => false);
    await context.close();
    return [...response?.status() === 503 ? [] : ['no page before the start'], ...opened ? [] : ['the page that waits did not open the site']];
  };
}

/** What a visitor misses through the link and has locally, or gets through the link alone. */
function differences(local: Visit, linked: Visit): string[] {
  const here = (name: 'click' | 'form' | 'edit'): string[] => linked[name] === local[name] ? [] : [`${name}: ${linked[name]}, locally ${local[name]}`];
  const more = linked.errors.filter((error) => !local.errors.includes(error)).map((error) => `only through the link: ${error}`);
  return [...local.click === 'works' ? [] : [`not even locally: ${local.click}`], ...here('click'), ...here('form'), ...here('edit'), ...more];
}

function cells({ project, server, port, linked, local, problems, seconds, straight }: Row): string[] {
  const errors = linked === undefined ? '' : `${linked.errors.length} errors, locally ${local?.errors.length ?? '?'}`;
  return [`${project.name} ${project.version}`, server ?? '', String(port ?? '-'), linked?.click ?? '-', linked?.form ?? '', linked?.edit ?? '-', errors, problems.length === 0 ? 'yes' : 'NO', String(seconds), straight ?? ''];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
