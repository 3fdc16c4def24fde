// Measures a reload of the page with a running server, with the extension (and a live site) and without it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageExtension } from '../scripts/package.mjs';
import { provideChromium } from '../scripts/setup/chromium.mjs';
import { provideCodeServer } from '../scripts/setup/codeServer.mjs';
import { closeSharedBrowser, VIEWPORT } from '../test/code-server/browser.ts';
import { withCodeServer } from '../test/code-server/withCodeServer.ts';
import { Workbench } from '../test/code-server/workbench.ts';
import { median } from './runTogether.ts';

/** Times in milliseconds, from the reload to the terminal that is back with what it showed. */
export interface ReloadRow {
  readonly what: string;
  readonly reloads: number;
  readonly fastest: number;
  readonly median: number;
  readonly slowest: number;
}

const RELOADS = 10;
const READY = /http:\/\/localhost/;

/** Reloads a window with the extension and one without it. */
export async function reloading(): Promise<ReloadRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-reload-'));
  try {
    const vsix = join(folder, 'extension.vsix');
    await packageExtension(vsix);
    Object.assign(process.env, {
      VSIX: vsix,
      CHROMIUM: await provideChromium(),
      CODE_SERVER: await provideCodeServer(),
    });
    return [await reloadsOf('without the extension', []), await reloadsOf('with it, live', [vsix])];
  } finally {
    await closeSharedBrowser();
    await rm(folder, { recursive: true });
  }
}

async function reloadsOf(what: string, extensions: readonly string[]): Promise<ReloadRow> {
  const times: number[] = [];
  await withCodeServer(
    what,
    async ({ classroom, context }) => {
      const page = await context.newPage();
      await page.setViewportSize(VIEWPORT);
      await page.goto(classroom.codeServer.url);
      const window = new Workbench(page);
      if (extensions.length > 0) await window.ready();
      const terminal = await window.openTerminal();
      await terminal.type(`PORT=${classroom.port} npm run dev`);
      await terminal.waitForText(READY);
      if (extensions.length > 0) await window.waitForStatus(classroom.hostname);
      for (let reload = 0; reload < RELOADS; reload += 1) {
        const began = performance.now();
        await page.reload();
        await page.locator('.terminal-wrapper.active .xterm-rows').filter({ hasText: READY }).waitFor();
        times.push(Math.round(performance.now() - began));
        // The next reload begins when this one is complete.
        if (extensions.length > 0) await window.waitForStatus(classroom.hostname);
      }
    },
    { extensions },
  );
  return {
    what,
    reloads: times.length,
    fastest: Math.min(...times),
    median: median(times),
    slowest: Math.max(...times),
  };
}
