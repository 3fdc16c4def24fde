// Measures a page in a real browser that comes through the edge, straight to the dev server and through the relay, in turns.
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { startStandIn } from '../../standin/standIn.ts';

/** Names that a dev server trusts anyway: only the way differs, not what is answered. The relay's own site name plays no part here. */
const DIRECT = 'direct.localhost';
const RELAYED = 'relayed.localhost';

/** Milliseconds from the navigation to the page's load event, for each round. The browser caches nothing between rounds. */
export async function loadPages(
  executablePath: string,
  { socket, port, rounds }: { socket: string; port: number; rounds: number },
): Promise<{ direct: number[]; relay: number[] }> {
  const ingress = [
    { hostname: DIRECT, service: `http://127.0.0.1:${port}` },
    { hostname: RELAYED, service: `unix:${socket}` },
    { service: 'http_status:404' },
  ];
  const standIn = await startStandIn({ config: { ingress } });
  for (const name of [DIRECT, RELAYED])
    standIn.addRecord({ type: 'CNAME', name, content: `${standIn.tunnelId}.cfargotunnel.com`, proxied: true });
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--disable-background-networking',
      '--no-first-run',
      '--disable-sync',
      '--disable-component-update',
    ],
  });
  const direct: number[] = [];
  const relay: number[] = [];
  try {
    for (let round = -2; round < rounds; round += 1) {
      for (const [name, times] of [
        [DIRECT, direct],
        [RELAYED, relay],
      ] as const) {
        const time = await load(browser, `http://${name}:${standIn.edgePort}`);
        if (round >= 0) times.push(time); // the first rounds warm all of them up
      }
    }
  } finally {
    await browser.close();
    await standIn.close();
  }
  return { direct, relay };
}

async function load(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(url, { waitUntil: 'load' });
    return await page.evaluate<number>('performance.getEntriesByType("navigation")[0].loadEventStart');
  } finally {
    await context.close();
  }
}
