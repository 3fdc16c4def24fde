// A visitor: opens the site in a real browser, clicks, and keeps looking while the student edits.
import { EventEmitter, once } from 'node:events';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import type { Project } from './project.ts';

/** What a visitor sees of a site. */
export interface Visit {
  /** 'works' when the page came and a click changed it, else what went wrong. */
  click: string;
  /** The same for the page's own form, answered by its server; undefined where it has none. */
  form?: string;
  /** How an edit came to the page: without a reload, by one, or not at all. */
  edit: 'without a reload' | 'by a reload' | 'none';
  /** What the browser's console called an error, and what no script caught, with the site's own address taken out. */
  errors: string[];
}

/** A first page may be compiled only now. Milliseconds. */
const PAGE_LIMIT = 120_000;
/** A page that does not react within this is taken for dead. Milliseconds. */
const REACTION_LIMIT = 30_000;
/** Not every server says hello (Parcel does not). Milliseconds. */
const HELLO_LIMIT = 3_000;

/** One visit, with the edit taken back at its end. */
export async function visit(browser: Browser, url: string, project: Project): Promise<Visit> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  try {
    const page = await context.newPage();
    const errors = collectErrors(page, url);
    const connected = watchWebSocket(page);
    await page.goto(url, { timeout: PAGE_LIMIT });
    const click = await outcome(() => clickThrough(page));
    const form = project.form === true ? { form: await outcome(() => sendAndSettle(page)) } : {};
    await page.evaluate('window.sameDocument = true');
    if (project.onEdit === 'live') await connected();
    const edit =
      click === 'works' && project.onEdit === 'live' ? await whileEdited(project, () => watchEdit(page)) : 'none';
    return { click, ...form, edit, errors: [...new Set(errors)].sort() };
  } finally {
    await context.close();
  }
}

/** Waits until the document that is shown now has heard from its server over a WebSocket: an edit before that is lost, locally too. */
function watchWebSocket(page: Page): () => Promise<void> {
  const hello = new EventEmitter();
  let heard = false;
  page.on('framenavigated', (frame) => {
    if (frame === page.mainFrame()) heard = false;
  });
  page.on('websocket', (socket) => {
    socket.once('framereceived', () => {
      heard = true;
      hello.emit('heard');
    });
  });
  return async () => {
    if (!heard) await Promise.race([once(hello, 'heard'), setTimeout(HELLO_LIMIT)]);
  };
}

function collectErrors(page: Page, url: string): string[] {
  const errors: string[] = [];
  const note = (text: string): void => {
    errors.push(
      text
        .replaceAll(new URL(url).origin, 'SITE')
        .replaceAll(new URL(url).host, 'SITE')
        .replaceAll(/\?[tv]=\w+/g, ''),
    );
  };
  page.on('console', (message) => {
    if (message.type() === 'error') note(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => note(error.message));
  return errors;
}

/** A page drawn by its server shows its button before its script runs, so the click is repeated until it does something. */
async function clickThrough(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: /^count is \d+$/i });
  await button.waitFor({ timeout: PAGE_LIMIT });
  const deadline = Date.now() + REACTION_LIMIT;
  while (!/[1-9]/.test(await button.innerText())) {
    if (Date.now() > deadline) throw new Error('a click changes nothing');
    await button.click();
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(resolve))');
  }
}

async function send(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('Sent', { exact: true }).waitFor({ timeout: REACTION_LIMIT });
}

/** An answer that is a new document has to come alive as the first one did: an edit before that is lost, locally too. */
async function sendAndSettle(page: Page): Promise<void> {
  await send(page);
  await clickThrough(page);
}

async function watchEdit(page: Page): Promise<Visit['edit']> {
  return page
    .getByText(/^Edited/)
    .first()
    .waitFor({ timeout: REACTION_LIMIT })
    .then(
      async () => ((await page.evaluate('window.sameDocument === true')) ? 'without a reload' : 'by a reload'),
      () => 'none',
    );
}

/** Writes as an editor does, by a rename; the file is as it was afterwards. */
async function whileEdited<T>(project: Project, look: () => Promise<T>): Promise<T> {
  const file = join(project.folder, project.edit.file);
  const before = await readFile(file, 'utf8');
  if (!before.includes(project.edit.from)) throw new Error(`${project.edit.file} has no ${project.edit.from}`);
  const save = async (text: string): Promise<void> => {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  await save(before.replace(project.edit.from, project.edit.to));
  try {
    return await look();
  } finally {
    await save(before);
  }
}

async function outcome(act: () => Promise<void>): Promise<string> {
  return act().then(
    () => 'works',
    (error: unknown) => (error as Error).message.split('\n')[0] ?? 'failed',
  );
}
