// The API token: where it comes from, and what may be one. No message quotes it.
import type { Config } from '../provisioning/config.ts';
import { FixableError, type Facts } from '../provisioning/errors.ts';
import { readRegularFile, reasonOf } from './readRegularFile.ts';
import type { Report } from './report.ts';

/** The fault of a text as a token; undefined if it has none. Pure. */
export function tokenProblem(text: string): string | undefined {
  if (text === '') return 'it is empty';
  if (/[\r\n]/.test(text)) return 'it has more than one line';
  return /^[\w.~+/=-]+$/.test(text) ? undefined : 'it has a character that is not part of a token';
}

/**
 * Reads the token from its file, else from CLOUDFLARE_API_TOKEN. From here on, the report hides it.
 * @throws FixableError `token-missing`, `token-unreadable`
 */
export function readToken({ tokenFile, file }: Config, report: Report, env: NodeJS.ProcessEnv): string {
  const place = { file: tokenFile ?? 'CLOUDFLARE_API_TOKEN', config: file };
  const text = tokenFile === undefined ? (env['CLOUDFLARE_API_TOKEN'] ?? '') : readTokenFile(tokenFile, place, report);
  const token = text.trim();
  if (tokenFile === undefined && token === '') throw new FixableError('token-missing', { file });
  const problem = tokenProblem(token);
  if (problem) throw new FixableError('token-unreadable', { ...place, problem });
  report.hide(token);
  return token;
}

function readTokenFile(file: string, place: Facts, report: Report): string {
  try {
    return readRegularFile(file, ({ mode }) => {
      if ((mode & 0o004) !== 0)
        report.warn(`Every account on this machine can read the token file ${file}: run \`chmod 600 ${file}\`.`);
    });
  } catch (error) {
    throw new FixableError('token-unreadable', { ...place, problem: reasonOf(error) });
  }
}
