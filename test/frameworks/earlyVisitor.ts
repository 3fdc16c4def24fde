// A visitor who opens the site before its server runs, and again after its end.
import type { Browser } from 'playwright-core';

/** The first page may still have to be compiled. Milliseconds. */
const timeout = 120_000;

export interface EarlyVisitor {
  /** Waits until the page that waits has opened the site. @throws when it does not */
  seesTheSite(): Promise<void>;
  /** Opens the site after the end of its server. @throws when another page responds than the one that waits */
  seesThatItIsStopped(): Promise<void>;
}

/** Opens a public site, whose server may or may not run. */
export async function earlyVisitor(browser: Browser, url: string): Promise<EarlyVisitor> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(url, { timeout });
  return {
    seesTheSite: async () => {
      await page
        .getByRole('button')
        .first()
        .waitFor({ timeout })
        .catch(async () => {
          throw new Error(
            `the page that waits did not open the site; it shows\n${await page.locator('body').innerText()}`,
          );
        });
      await page.goto('about:blank'); // leaves the server to one visitor at a time
    },
    seesThatItIsStopped: async () => {
      const answer = await page.goto(url);
      if (answer?.status() !== 503)
        throw new Error(`stopped, its visitors get ${answer?.status() ?? 'nothing'} and not the page that waits`);
    },
  };
}
