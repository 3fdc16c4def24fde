/** Drives one code-server window in a browser, as a student does. It waits for visible changes, never for time. */
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { VIEWPORT } from './browser.ts';
import { expectSoon, waitFor } from './waiting.ts';

/** The end of the prompt that demo/classroom.ts gives to the student's shell. */
const PROMPT = '$';
const MARK = 'data-known-to-test';
const NOWHERE = 'about:blank';
let terminals = 0;
const STATUS_BAR_ITEM = '[id="classroom-tunnel.classroom-tunnel.classroomTunnel.site"]';
/** A window takes long to open on two busy cores. */
const OPEN_MILLISECONDS = 120_000;
/** As long as a person would wait. */
const PATIENCE_MILLISECONDS = 30_000;

/** A terminal's own screen, without the command that VS Code repeats above it in a second terminal. */
const SCREEN = '.xterm-rows:not(.terminal-sticky-scroll .xterm-rows)';

export class Workbench {
  readonly page: Page;
  readonly statusBarItem: Locator;

  constructor(page: Page) {
    this.page = page;
    this.statusBarItem = page.locator(STATUS_BAR_ITEM);
    page.setDefaultTimeout(PATIENCE_MILLISECONDS);
  }

  /** Opens a window and waits until it can be used. */
  static async open(context: BrowserContext, url: string): Promise<Workbench> {
    const page = await context.newPage();
    await page.setViewportSize(VIEWPORT);
    const workbench = new Workbench(page);
    await page.goto(url, { timeout: OPEN_MILLISECONDS });
    await workbench.ready();
    return workbench;
  }

  /** Waits until the workbench is drawn and the extension runs in its host: its status bar item is there. */
  async ready(): Promise<void> {
    await this.statusBarItem.waitFor({ timeout: OPEN_MILLISECONDS });
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /** The text of the extension's status bar item, without its icon. */
  async status(): Promise<string> {
    return (await this.statusBarItem.innerText()).trim();
  }

  /** Waits until the status bar item shows this text. @throws with the text that it shows instead */
  async waitForStatus(text: string | RegExp, patienceMilliseconds = PATIENCE_MILLISECONDS): Promise<void> {
    const shown = this.page.locator(STATUS_BAR_ITEM, { hasText: text });
    await shown.waitFor({ timeout: patienceMilliseconds }).catch(async (cause: unknown) => {
      const instead = await this.status().catch(() => 'nothing');
      throw new Error(`the status bar shows "${instead}", not ${String(text)}`, { cause });
    });
  }

  /** Runs a command from the palette by its full title, as soon as the palette offers it. */
  async runCommand(title: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input');
    const offer = this.page.locator('.quick-input-list .monaco-list-row').getByText(title, { exact: true });
    await expectSoon(async () => {
      // The palette lists what was there when it opened, and closes when a view that closes takes its focus.
      await this.page.keyboard.press('Escape');
      await this.page.keyboard.press('F1');
      await input.fill(`>${title}`, { timeout: 2_000 });
      await offer.first().waitFor({ timeout: 2_000 });
      // Longer than a click on a busy machine takes: one that is given up may still have run the command.
      await offer.first().click({ timeout: 10_000 });
    }, `the palette to offer "${title}"`);
  }

  /** Opens a new terminal and waits for its shell's prompt. Trusts the folder if VS Code asks, as it does for the first one. */
  async openTerminal(): Promise<Terminal> {
    const known = await this.page.locator('.terminal-wrapper').all();
    for (const wrapper of known) await mark(wrapper, 'known');
    await this.runCommand('Terminal: Create New Terminal');
    const terminal = new Terminal(this.page, this.page.locator(`.terminal-wrapper.active:not([${MARK}])`));
    const prompt = terminal.showing(PROMPT);
    const trust = this.page.getByRole('button', { name: /^Trust .*Continue$/ });
    await prompt.or(trust).filter({ visible: true }).first().waitFor();
    if (await trust.isVisible()) await trust.click();
    await prompt.waitFor();
    return terminal.named(`terminal-${(terminals += 1)}`);
  }

  /** The terminal in front, if there is one. Of a split it is the pane on the right. */
  async activeTerminal(): Promise<Terminal | undefined> {
    const wrapper = this.page.locator('.terminal-wrapper.active').filter({ visible: true }).last();
    return (await wrapper.isVisible()) ? new Terminal(this.page, wrapper) : undefined;
  }

  /** The notifications on the screen whose text contains this. */
  notification(text: string | RegExp): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item', { hasText: text });
  }

  /** Presses a button of a notification. */
  async press(notification: Locator, button: string): Promise<void> {
    await notification.hover();
    await notification.locator('.notification-list-item-buttons-container .monaco-button', { hasText: button }).click();
  }

  /** Tells whether the tab is still open. */
  get isOpen(): boolean {
    return !this.page.isClosed();
  }

  /**
   * Leaves the workbench and closes the tab. Leaving lets the workbench shut down in full; a tab that is closed straight away
   * has half a second for that, and on a busy machine the extension host would see what it sees after a crash.
   */
  async close(): Promise<void> {
    if (this.page.url() !== NOWHERE) {
      await Promise.all([this.page.waitForURL(NOWHERE), this.page.evaluate(`location.href = '${NOWHERE}'`)]);
    }
    await this.page.close();
  }

  /** Crashes the tab, as lack of memory does: the workbench cannot shut down. */
  async crash(): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page);
    const crashed = this.page.waitForEvent('crash');
    void session.send('Page.crash').catch(() => undefined); // a crashed page gives no answer
    await crashed;
    await this.page.close();
  }
}

/** Gives an element a name by which it is found whatever comes before it in the page. */
const mark = (element: Locator, name: string): Promise<void> =>
  element.evaluate(
    (node: { setAttribute: (name: string, value: string) => void }, [attribute, value]) =>
      node.setAttribute(attribute, value),
    [MARK, name] as const,
  );

export class Terminal {
  readonly #page: Page;
  readonly #wrapper: Locator;

  constructor(page: Page, wrapper: Locator) {
    this.#page = page;
    this.#wrapper = wrapper;
  }

  /** The same terminal, found by its own name from now on. */
  async named(name: string): Promise<Terminal> {
    await mark(this.#wrapper, name);
    return new Terminal(this.#page, this.#page.locator(`[${MARK}="${name}"]`));
  }

  /** Types a line and presses Enter. */
  async type(line: string): Promise<void> {
    let attempt = 0;
    await expectSoon(async () => {
      // A bash that starts while its terminal is resized keeps the old width; another change of the width corrects that.
      if ((attempt += 1) > 1)
        await this.#page.setViewportSize({ ...VIEWPORT, width: VIEWPORT.width - 40 * ((attempt % 2) + 1) });
      await this.#focus();
      await this.#page.keyboard.press('Control+U');
      await this.#page.keyboard.type(line);
      // VS Code may replace the shell while the line is typed: Enter is pressed only when the line is on the screen.
      await this.showing(line).waitFor({ timeout: 3_000 });
    }, `"${line}" in the terminal`);
    await this.#page.keyboard.press('Enter');
  }

  /**
   * Presses Ctrl-C and waits for the prompt, before which typed text would be lost. One more prompt on a screen full of
   * prompts cannot be told, so the screen is cleared: only a shell at its prompt does that.
   */
  async interrupt(): Promise<void> {
    await this.#focus();
    await this.#page.keyboard.press('Control+C');
    await expectSoon(async () => {
      await this.#focus();
      await this.#page.keyboard.press('Control+L');
      await waitFor(async () => this.#isCleared(await this.text()), 'a cleared screen', 1_000);
    }, 'the prompt');
  }

  /** Does something that ends the terminal, and waits until the terminal is hidden. */
  async endedBy(act: () => Promise<unknown>): Promise<void> {
    const element = await this.#wrapper.elementHandle();
    await act();
    await element.waitForElementState('hidden');
  }

  /** Whether the terminal shows nothing but prompts: a shell that was replaced may leave its own. */
  async isEmpty(): Promise<boolean> {
    return (await this.text()).split('\n').every((row) => row === '' || row.endsWith(PROMPT));
  }

  #isCleared(text: string): boolean {
    return !text.includes('\n') && text.endsWith(PROMPT);
  }

  /** The terminal's screen, if it shows this text. */
  showing(text: string | RegExp): Locator {
    return this.#wrapper.locator(SCREEN).filter({ hasText: text });
  }

  /** Waits until the terminal shows this text. @throws with the text that it shows instead */
  async waitForText(text: string | RegExp): Promise<void> {
    await this.showing(text)
      .waitFor()
      .catch(async (cause: unknown) => {
        const instead = await this.text().catch(() => 'nothing');
        throw new Error(`the terminal shows ${JSON.stringify(instead)}, not ${String(text)}`, { cause });
      });
  }

  /** The text on the terminal's screen, with its line ends. */
  async text(): Promise<string> {
    const rows = await this.#wrapper.locator(`${SCREEN} > div`).allInnerTexts();
    return rows
      .map((row) => row.replaceAll(' ', ' ').trimEnd())
      .join('\n')
      .trimEnd();
  }

  async #focus(): Promise<void> {
    await this.#wrapper.locator('.xterm-helper-textarea').first().focus();
  }
}
