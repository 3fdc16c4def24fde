/** The student's steps in the first minute, by mouse and keyboard. */
import type { BrowserContext, Locator, Page } from 'playwright-core';
import type { Classroom } from '../../../demo/classroom.ts';
import { VIEWPORT } from '../browser.ts';
import { shellsOf } from '../studentProcesses.ts';
import { expectSoon, waitFor } from '../waiting.ts';
import { Workbench } from '../workbench.ts';
import type { Terminal } from '../workbench.ts';
import type { FirstMinute, Opening } from './cases.ts';

/** A window takes long to open on busy cores. */
const OPEN_MILLISECONDS = 120_000;
const PROFILE = 'student';

/** Opens the window as far as the case wants it open before its terminal is. */
export async function openFor(one: FirstMinute, context: BrowserContext, url: string): Promise<Workbench> {
  const page = await context.newPage();
  await page.setViewportSize(VIEWPORT);
  const window = new Workbench(page);
  if (one.trust === 'before') {
    await page.goto(url, { timeout: OPEN_MILLISECONDS });
    await window.ready();
    await trustByBanner(page);
  }
  await page.goto(url, { timeout: OPEN_MILLISECONDS });
  if (one.profile) await intoNewProfile(window);
  if (one.opening === 'early') await page.locator('.monaco-workbench').waitFor({ timeout: OPEN_MILLISECONDS });
  else await window.ready();
  if (one.trust === 'banner') await trustByBanner(page);
  return window;
}

/** Trusts the folder by the banner's "Manage" and the button of the editor that it opens. */
async function trustByBanner(page: Page): Promise<void> {
  await page.locator('.part.banner').getByText('Manage').click();
  await page.locator('.workspace-trust-editor').getByRole('button', { name: 'Trust', exact: true }).click();
  await page.locator('.part.banner').getByText('Restricted Mode').waitFor({ state: 'hidden' });
}

/** Makes a VS Code profile and switches the window to it, which takes a reload. */
async function intoNewProfile(window: Workbench): Promise<void> {
  const { page } = window;
  await window.ready();
  await window.runCommand('Profiles: New Profile');
  await page.locator('.profiles-editor input').first().fill(PROFILE);
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await window.runCommand('Profiles: Switch Profile');
  await page.locator('.quick-input-list .monaco-list-row', { hasText: PROFILE }).click();
  await page.getByRole('button', { name: 'Reload', exact: true }).click();
  await page.locator('.profile-badge-content', { hasText: PROFILE.slice(0, 2).toUpperCase() }).waitFor();
  await window.ready();
}

/** Answers the question whether the folder is trusted, if it is asked before `next` is on the screen. */
async function trustIfAsked(page: Page, next: Locator): Promise<void> {
  const trust = page.getByRole('button', { name: /^Trust .*Continue$/ });
  await trust.or(next).filter({ visible: true }).first().waitFor({ timeout: OPEN_MILLISECONDS });
  if (await trust.isVisible()) await trust.click();
}

/**
 * Opens what runs the command, and runs it. Resolves when Enter is pressed.
 * @returns the terminal into which the line was typed
 */
export async function runServer(
  one: FirstMinute,
  window: Workbench,
  { classroom, line }: { classroom: Classroom; line: string },
): Promise<Terminal | undefined> {
  const { page } = window;
  const run = tasks[one.opening];
  if (run) {
    await run(window);
    return undefined;
  }
  await openFirst(one.opening, window);
  await trustIfAsked(page, page.locator('.terminal-wrapper .xterm-rows', { hasText: '$' }));
  await terminalInFront(window);
  await changeTerminal[one.opening]?.(window, classroom);
  if (one.opening === 'selectedText') {
    await runSelectedText(window, line);
    return undefined;
  }
  const terminal = await terminalInFront(window);
  await terminal.type(line);
  return terminal;
}

const openFirst = (opening: Opening, window: Workbench): Promise<void> => {
  if (opening === 'early') return openEarly(window.page);
  if (opening === 'explorer') return openFromExplorer(window.page);
  return window.runCommand('Terminal: Create New Terminal');
};

/** Ways to run the command without typing it into a terminal. */
const tasks: Partial<Record<Opening, (window: Workbench) => Promise<void>>> = {
  task: async (window) => {
    const started = window.page.locator('.terminal-wrapper .xterm-rows', { hasText: 'npm run dev' });
    // VS Code may forget the task over its question of trust; a student then runs it again.
    await expectSoon(
      async () => {
        await window.runCommand('Tasks: Run Build Task');
        await trustIfAsked(window.page, started);
        await started.waitFor({ timeout: 15_000 });
      },
      'the task in a terminal',
      OPEN_MILLISECONDS,
    );
  },
  npmScript: async (window) => {
    const { page } = window;
    const rows = page.locator('.quick-input-list .monaco-list-row');
    await window.runCommand('Tasks: Run Task');
    await trustIfAsked(page, rows);
    for (const text of ['npm', 'npm: dev', 'Continue without scanning'])
      await rows.filter({ hasText: text }).first().click();
  },
};

/** Changes to the open terminal before the command is typed. */
const changeTerminal: Partial<Record<Opening, (window: Workbench, classroom: Classroom) => Promise<void>>> = {
  split: async (window) => {
    await window.runCommand('Terminal: Split Terminal');
    await waitFor(
      async () => (await window.page.locator('.terminal-wrapper.active').count()) === 2,
      'two terminals side by side',
    );
  },
  // Counts no shells: VS Code may leave one that it replaced just before, when the folder was trusted.
  relaunched: async (window, classroom) => {
    const before = new Set((await shellsOf(classroom)).map(({ pid }) => pid));
    await window.runCommand('Terminal: Relaunch Active Terminal');
    await waitFor(async () => (await shellsOf(classroom)).some(({ pid }) => !before.has(pid)), 'another shell');
  },
  restored: (window) => window.reload(),
};

/** The terminal in front, with its prompt; of a split the one that has the focus. */
async function terminalInFront(window: Workbench): Promise<Terminal> {
  return expectSoon(async () => {
    const terminal = await window.activeTerminal();
    if (!terminal) throw new Error('no terminal is open');
    await terminal.waitForText('$');
    return terminal;
  }, 'a terminal with a prompt');
}

/** Presses the keys for a new terminal as soon as the workbench takes keys, which is before it starts extensions. */
async function openEarly(page: Page): Promise<void> {
  const seen = page
    .locator('.terminal-wrapper')
    .filter({ visible: true })
    .or(page.getByRole('button', { name: /^Trust .*Continue$/ }));
  await expectSoon(
    async () => {
      await page.keyboard.press('Control+Shift+Backquote');
      // Long enough on a busy machine that the keys are not pressed a second time for a terminal that is already on its way.
      await seen.first().waitFor({ timeout: 15_000 });
    },
    'a terminal by its keys',
    OPEN_MILLISECONDS,
  );
}

async function openFromExplorer(page: Page): Promise<void> {
  await page.locator('.explorer-folders-view').getByText('package.json').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Open in Integrated Terminal' }).click();
}

/** Writes the line into a new editor, selects it, and sends it to the terminal. */
async function runSelectedText(window: Workbench, line: string): Promise<void> {
  const { page } = window;
  await window.runCommand('Create: New Untitled Text File');
  await page.locator('.monaco-editor textarea, .monaco-editor .native-edit-context').first().focus();
  await page.keyboard.type(line);
  await page.keyboard.press('Control+A');
  await window.runCommand('Terminal: Run Selected Text In Active Terminal');
}
