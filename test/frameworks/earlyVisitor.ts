// A visitor who comes before the server does, and stays until it is gone again.
import type { Browser } from 'playwright-core';

/** A first page may be compiled only now. Milliseconds. */
const PATIENCE = 120_000;

export interface EarlyVisitor {
  /** Does nothing, and has the site in front of them once it is there. @throws when the page that waits does not open it */
  seesTheSite(): Promise<void>;
  /** Looks again after the end of the server. @throws when that is not the page that waits */
  seesThatItIsStopped(): Promise<void>;
}

/** Opens a site that is public; whether its server runs by then is up to the server. */
export async function earlyVisitor(browser: Browser, url: string): Promise<EarlyVisitor> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(url, { timeout: PATIENCE });
  return {
    seesTheSite: async () => {
      await page
        .getByRole('button')
        .first()
        .waitFor({ timeout: PATIENCE })
        .catch(async () => {
          throw new Error(
            `the page that waits did not open the site; it shows\n${await page.locator('body').innerText()}`,
          );
        });
      await page.goto('about:blank'); // whoever looks on would be a second one for the server to serve
    },
    seesThatItIsStopped: async () => {
      const answer = await page.goto(url);
      if (answer?.status() !== 503)
        throw new Error(`stopped, its visitors get ${answer?.status() ?? 'nothing'} and not the page that waits`);
    },
  };
}
