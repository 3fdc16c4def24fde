// The connections from the tunnel to the students' servers: kept open between requests, and to `localhost` over IPv6 or IPv4.
import { lookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

type Callback = (error: NodeJS.ErrnoException | null, addresses: string | LookupAddress[], family?: number) => void;

const bothLoopbacks: LookupAddress[] = [
  { address: '::1', family: 6 },
  { address: '127.0.0.1', family: 4 },
];

/** One agent for each protocol; `destroy` them to close their connections. */
export function createAgents() {
  // cloudflared tries both addresses where the hosts file names both. Here it is both whatever that file says, so that a server
  // which listens on one of them alone is found on every machine.
  const options = { keepAlive: true, autoSelectFamily: true, lookup: lookupBoth };
  return { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) };
}

function lookupBoth(hostname: string, options: LookupOptions, callback: Callback): void {
  if (hostname === 'localhost' && options.all) callback(null, bothLoopbacks);
  else lookup(hostname, options, callback);
}
