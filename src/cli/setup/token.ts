// The API token that setup works with.
import { existsSync, readFileSync } from 'node:fs';
import type { AdminApi } from '../../provisioning/adminApi.ts';
import { CallFailure } from '../../provisioning/checkedFetch.ts';
import { FixableError } from '../../provisioning/errors.ts';
import { permissions, tokenForm } from '../../messages/permissions.ts';
import { reasonOf } from '../readRegularFile.ts';
import type { Report } from '../report.ts';
import { configFileOf } from '../../configFile.ts';
import { tokenProblem } from '../token.ts';
import type { Asker } from './prompts.ts';

export interface FoundToken {
  readonly token: string;
  /** The content that the token's file is to have. */
  readonly fileText: string;
}

export interface TokenOptions {
  readonly tokenFile: string;
  readonly env: NodeJS.ProcessEnv;
  readonly asker: Asker;
  readonly report: Report;
  /** The reason why Cloudflare does not take the token for this class; undefined if it does, or if it cannot be told yet. */
  readonly refusal: (token: string) => Promise<string | undefined>;
}

/**
 * The token comes from its file, the environment or the keyboard; never from an argument, which every account could see. A person
 * is asked again, with the reason, until Cloudflare takes the token.
 * @throws FixableError `token-unreadable`
 */
export async function findToken(options: TokenOptions): Promise<FoundToken> {
  const { tokenFile, env, asker, report } = options;
  const refuse = (problem: string, file: string) =>
    new FixableError('token-unreadable', { file, config: configFileOf(env), problem });
  const saved = readIfThere(tokenFile, (problem) => refuse(problem, tokenFile));
  let found: FoundToken = { token: saved.trim(), fileText: saved };
  if (found.token === '') found = foundToken((env['CLOUDFLARE_API_TOKEN'] ?? '').trim());
  if (found.token === '') found = await askForToken(asker, report, tokenFile);
  for (;;) {
    const { token } = found;
    const problem = tokenProblem(token);
    if (problem && !asker.isPerson) throw refuse(problem, saved.trim() ? tokenFile : 'CLOUDFLARE_API_TOKEN');
    if (token !== '') report.hide(token);
    const reason = problem ?? (asker.isPerson ? await options.refusal(token) : undefined);
    if (reason === undefined) return found;
    report.warn(`This token does not work: ${reason}`);
    found = await askForToken(asker, report, tokenFile);
  }
}

const foundToken = (token: string): FoundToken => ({ token, fileText: `${token}\n` });

/** Prints where a token is made, and asks for it. */
async function askForToken(asker: Asker, report: Report, tokenFile: string): Promise<FoundToken> {
  const needed = [permissions.tunnel, permissions.records, permissions.zone];
  const text = `a token is made with this form:\n${tokenForm}\nIt needs these permissions:\n- ${needed.join('\n- ')}`;
  report.progress({ event: 'tokenForm', url: tokenForm, permissions: needed }, text);
  const answer = await asker.secret({
    flag: `a file ${tokenFile}, or in CLOUDFLARE_API_TOKEN`,
    message: 'The API token',
    check: (given) => (given.length < 20 ? 'This is too short for a token' : tokenProblem(given)),
  });
  return foundToken(answer);
}

/**
 * Asks Cloudflare whether the token can serve a class.
 * @param hasZone the zone is known, so the token need not list zones
 * @param accountId the account, if it is known: Cloudflare verifies tokens of accounts there only
 * @throws FixableError where Cloudflare cannot be asked
 */
export async function tokenRefusal(
  api: AdminApi,
  hasZone: boolean,
  accountId: string | undefined,
): Promise<string | undefined> {
  try {
    const zones = await api.zones();
    if (zones.length > 0 || hasZone) return undefined;
    return `it sees no zone. Add your domain at Cloudflare, or give the token ${permissions.zone} for it.`;
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  try {
    const { status } = await api.verifyToken(accountId);
    return status === 'active' ? undefined : `it is ${status}.`;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const hint = accountId === undefined ? ' A token of an account needs Zone · Read, or `--account ID`.' : '';
    return `${error.mendable.message}${hint}`;
  }
}

function isRefusal(error: unknown): error is CallFailure {
  return error instanceof CallFailure && [400, 401, 403, 404].includes(error.status ?? 0);
}

function readIfThere(file: string, refuse: (problem: string) => Error): string {
  try {
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  } catch (error) {
    throw refuse(reasonOf(error));
  }
}
