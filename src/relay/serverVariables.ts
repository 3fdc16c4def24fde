// The environment variables that a development server behind a relay should start with. Pure.
import { devServers } from './devServers.ts';

/** Auth.js sends people who sign in to the address in AUTH_URL, or NEXTAUTH_URL before version 5. */
const addressVariables = ['CLASSROOM_TUNNEL_URL', 'AUTH_URL', 'NEXTAUTH_URL'];

/** @param url the public address of the site; unknown where it depends on a port that is not assigned */
export function serverVariables(url: string | null | undefined): Map<string, string> {
  return new Map([
    ...devServers.flatMap(({ variables }) => Object.entries(variables ?? {})),
    ...(url == null ? [] : addressVariables.map((name) => [name, url] as const)),
  ]);
}
