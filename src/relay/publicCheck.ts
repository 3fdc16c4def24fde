// Asks the site's public address for the relay's own status, as a visitor would, to notice that the way there is broken:
// a rule or a DNS record that was deleted, a connector that is gone. It makes no API call.
import { lookup } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import type { LookupFunction } from 'node:net';
import { statusPath } from './page.ts';

/**
 * `reached`: a relay of this student answered. `lost`: Cloudflare answered that there is no such site, with the reason.
 * `unknown`: anything else, such as a login page in front of the site, or a machine that may not reach its own sites.
 */
export type PublicAnswer =
  { readonly kind: 'reached' | 'unknown' } | { readonly kind: 'lost'; readonly reason: string };

/** Milliseconds. Together they notice a loss within a minute. */
export const checkPauses = { usual: 25_000, afterLoss: 5_000, afterReport: 600_000 } as const;

const timeout = 10_000;
const mostBytes = 1_000;
/** 404: no rule of the tunnel names the host. 530: no tunnel serves it (1033), or its DNS record leads nowhere (1016). */
const lostStatuses = new Set([404, 530]);

/** Asks once, with GET. Never rejects, and takes ten seconds at most. */
export function askPublicly(site: URL): Promise<PublicAnswer> {
  const url = new URL(statusPath, site);
  const { get } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve) => {
    const request = get(
      url,
      { lookup: resolveHost, agent: false, signal: AbortSignal.timeout(timeout) },
      (response) => {
        const { statusCode = 0 } = response;
        if (lostStatuses.has(statusCode)) {
          response.destroy();
          return resolve({ kind: 'lost', reason: `status ${statusCode}` });
        }
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
          if (body.length > mostBytes) response.destroy();
        });
        response.once('close', () => resolve({ kind: statusCode === 200 && isStatus(body) ? 'reached' : 'unknown' }));
      },
    );
    request.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOTFOUND' ? { kind: 'lost', reason: 'no DNS record' } : { kind: 'unknown' }),
    );
  });
}

/** Names below `localhost` lead to this machine for every browser, but not for every resolver (RFC 6761). */
const resolveHost: LookupFunction = (hostname, options, callback) => {
  lookup(/(^|\.)localhost$/.test(hostname) ? 'localhost' : hostname, options, callback);
};

function isStatus(body: string): boolean {
  try {
    return typeof (JSON.parse(body) as { running?: unknown } | null)?.running === 'boolean';
  } catch {
    return false;
  }
}

export interface PublicCheckOptions {
  readonly ask: () => Promise<PublicAnswer>;
  /** Called once for a loss that lasts, with its reason. */
  readonly onLost: (reason: string) => void;
  /** Calls back once, so many milliseconds later. */
  readonly after: (milliseconds: number, callback: () => void) => { cancel(): void };
}

/**
 * Checks from time to time whether visitors reach the site, until it is stopped. A loss is reported when two answers in a
 * row say it, and not again before the site was reached, or ten minutes have passed: a resolver may remember for a while
 * that there was no record.
 */
export function startPublicCheck({ ask, onLost, after }: PublicCheckOptions): { stop(): void } {
  let stopped = false;
  let losses = 0;
  let timer = after(checkPauses.usual, check);
  return {
    stop: () => {
      stopped = true;
      timer.cancel();
    },
  };

  function check(): void {
    void ask().then((answer) => {
      if (stopped) return;
      losses = answer.kind === 'lost' ? losses + 1 : 0;
      if (answer.kind === 'lost' && losses === 2) onLost(answer.reason);
      timer = after(pauseAfter(losses), check);
      if (losses >= 2) losses = 0;
    });
  }
}

/** Milliseconds until the next question, after so many losses in a row. */
const pauseAfter = (losses: number): number =>
  losses === 0 ? checkPauses.usual : losses === 1 ? checkPauses.afterLoss : checkPauses.afterReport;
