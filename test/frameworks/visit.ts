// Visits a site in a real browser: clicks, sends a form, and watches the page while a file is edited.
import { EventEmitter, once } from 'node:events';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import type { Project } from './project.ts';

/** The events of a visit. */
export interface Visit {
  /** 'works' when the page loaded and a click changed it, otherwise the error. */
  click: string;
  /** The same for the page's form, which its server handles; undefined when it has none. */
  form?: string;
  /** How an edit reached the page. */
  edit: 'without a reload' | 'by a reload' | 'none';
  /** Errors in the browser's console and uncaught ones, without the site's address. */
  errors: string[];
}

/** The first page may still have to be compiled. Milliseconds. */
const pageLimit = 120_000;
/** How long a page may take to react. Milliseconds. */
const reactionLimit = 30_000;
/** Parcel sends nothing over its WebSocket at first. Milliseconds. */
const firstMessageLimit = 3_000;
/** After which a WebSocket's clients have answered what they received. Milliseconds. */
const silence = 500;

/** Takes the edit back at the end. */
export async function visit(browser: Browser, url: string, project: Project): Promise<Visit> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  try {
    const page = await context.newPage();
    const errors = collectErrors(page, url);
    const connected = watchWebSocket(page);
    await page.goto(url, { timeout: pageLimit });
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

/**
 * Waits until the current document's WebSocket has received a message and has then been silent for a moment. Bun's client
 * subscribes to changes in its answer to that message, and an edit before that is lost, locally too.
 */
function watchWebSocket(page: Page): () => Promise<void> {
  const messages = new EventEmitter();
  let received = false;
  let lastFrame = 0;
  page.on('framenavigated', (frame) => {
    if (frame === page.mainFrame()) received = false;
  });
  page.on('websocket', (socket) => {
    const note = (): void => void (lastFrame = performance.now());
    socket.on('framesent', note);
    socket.on('framereceived', () => {
      note();
      received = true;
      messages.emit('first');
    });
  });
  return async () => {
    if (!received) await Promise.race([once(messages, 'first'), setTimeout(firstMessageLimit)]);
    const toWait = (): number => lastFrame + silence - performance.now();
    while (toWait() > 0) await setTimeout(toWait());
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

/** A page rendered by its server shows its button before its script runs, so the click is repeated until it works. */
async function clickThrough(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: /^count is \d+$/i });
  await button.waitFor({ timeout: pageLimit });
  const deadline = Date.now() + reactionLimit;
  while (!/[1-9]/.test(await button.innerText())) {
    if (Date.now() > deadline) throw new Error('a click changes nothing');
    await button.click();
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(resolve))');
  }
}

async function send(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('Sent', { exact: true }).waitFor({ timeout: reactionLimit });
}

/** When the response is a new document, it has to hydrate too: an edit before that is lost, locally too. */
async function sendAndSettle(page: Page): Promise<void> {
  await send(page);
  await clickThrough(page);
}

async function watchEdit(page: Page): Promise<Visit['edit']> {
  return page
    .getByText(/^Edited/)
    .first()
    .waitFor({ timeout: reactionLimit })
    .then(
      async () => ((await page.evaluate('window.sameDocument === true')) ? 'without a reload' : 'by a reload'),
      () => 'none',
    );
}

/** Writes as an editor does, by a rename, and restores the file afterwards. */
async function whileEdited<T>(project: Project, act: () => Promise<T>): Promise<T> {
  const file = join(project.folder, project.edit.file);
  const before = await readFile(file, 'utf8');
  if (!before.includes(project.edit.from)) throw new Error(`${project.edit.file} has no ${project.edit.from}`);
  const save = async (text: string): Promise<void> => {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  await save(before.replace(project.edit.from, project.edit.to));
  try {
    return await act();
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
