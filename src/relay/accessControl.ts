// Lets only visitors who know the class's passphrase reach a private site: asks for it on a page, and remembers them by a cookie.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { hasValidCookie, setCookie, withoutCookie } from './accessCookie.ts';
import { Attempts } from './attempts.ts';
import { ownPath } from './page.ts';
import { matchesPassphrase, normalizePassphrase } from './passphrase.ts';
import { respondAsking, respondSeeOther, type Refused } from './responses.ts';

/** The secrets by which a private site knows its visitors. */
export interface Access {
  /** The passphrase as `scrypt:SALT:HASH`; null if the class has none, so that nobody gets in. */
  readonly hash: string | null;
  /** Signs the cookies: 32 random bytes of the student's own, in base64. */
  readonly key: string;
}

/** Longer forms are refused. Bytes. */
const maxForm = 8_192;
/** More attempts at once are refused. */
const maxWaiting = 60;

export class AccessControl {
  readonly #site: URL;
  readonly #now: () => number;
  readonly #attempts = new Attempts();
  readonly #memoryKey = randomBytes(32);
  #access: Access | undefined;
  /** A digest of the passphrase once it was given, so that a class that enters at once costs one scrypt. */
  #known: Buffer | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @param now milliseconds since 1970 */
  constructor(site: URL, now: () => number = Date.now) {
    this.#site = site;
    this.#now = now;
  }

  /** With undefined, the site is public. */
  set(access: Access | undefined): void {
    if (access?.hash !== this.#access?.hash) this.#known = undefined;
    this.#access = access;
  }

  /** Whether a request may reach the site. Takes the relay's cookie out of its headers, so that no dev server gets it. */
  admits(headers: IncomingHttpHeaders): boolean {
    const { cookie } = headers;
    const isAdmitted = this.#access === undefined || hasValidCookie(cookie, this.#site, this.#access, this.#now());
    const others = withoutCookie(cookie, this.#site);
    if (others === undefined) delete headers.cookie;
    else headers.cookie = others;
    return isAdmitted;
  }

  /** Answers a request that may not reach the site: a page with the question, or a line of text. */
  ask(request: IncomingMessage, response: ServerResponse): void {
    respondAsking(this.#site, request, response, { returnTo: request.url ?? '/' });
  }

  /** Answers the form: with a cookie and the way back to the page that was asked for, or with the question again. */
  async enter(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') {
      respondSeeOther(response, '/');
      return;
    }
    const form = await readForm(request);
    const returnTo = localPath(form?.get('to') ?? '/');
    const access = this.#access;
    if (access === undefined) {
      respondSeeOther(response, returnTo);
      return;
    }
    const refused =
      form === undefined ? {} : await this.#inTurn(() => this.#check(form.get('passphrase') ?? '', access));
    if (response.destroyed) return;
    if (refused) respondAsking(this.#site, request, response, { returnTo, ...refused });
    else respondSeeOther(response, returnTo, setCookie(this.#site, access, this.#now()));
  }

  /** Attempts are checked one after another: none begins before the one before has counted. */
  async #inTurn(check: () => Promise<Refused | undefined>): Promise<Refused | undefined> {
    if (this.#waiting >= maxWaiting) return { waitSeconds: 5 };
    this.#waiting += 1;
    const turn = this.#turn.then(check);
    this.#turn = turn.catch(() => undefined).then(() => (this.#waiting -= 1));
    return turn;
  }

  /** @returns undefined for the right passphrase */
  async #check(passphrase: string, { hash }: Access): Promise<Refused | undefined> {
    const wait = this.#attempts.wait(this.#now());
    if (wait > 0) return { waitSeconds: Math.ceil(wait / 1000) };
    const digest = createHmac('sha256', this.#memoryKey).update(normalizePassphrase(passphrase)).digest();
    const isRight =
      (this.#known !== undefined && timingSafeEqual(digest, this.#known)) ||
      (hash !== null && (await matchesPassphrase(passphrase, hash)));
    if (!isRight) this.#attempts.addWrong(this.#now());
    else if (hash === this.#access?.hash) this.#known = digest;
    return isRight ? undefined : { isWrong: true };
  }
}

/** A path of this site; `/` in place of anything else. */
function localPath(text: string): string {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(text) && !text.startsWith(ownPath) ? text : '/';
}

/** Undefined for a form that is too long or broken off. */
async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  let body = '';
  try {
    for await (const chunk of request) {
      body += String(chunk);
      if (body.length > maxForm) return undefined;
    }
  } catch {
    return undefined;
  }
  return new URLSearchParams(body);
}
