// The connector's connections to the students' servers: kept alive between requests, and to `localhost` over IPv6 or IPv4.
import { lookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

type Callback = (error: NodeJS.ErrnoException | null, addresses: string | LookupAddress[], family?: number) => void;

const bothLoopbacks: LookupAddress[] = [
  { address: '::1', family: 6 },
  { address: '127.0.0.1', family: 4 },
];

/** Creates one agent for each protocol; `destroy` closes an agent's connections. */
export function createAgents() {
  // cloudflared tries both addresses if the hosts file names both. The stand-in always tries both, so that a server that listens
  // on one of them is reached on every machine.
  const options = { keepAlive: true, autoSelectFamily: true, lookup: lookupBoth };
  return { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) };
}

function lookupBoth(hostname: string, options: LookupOptions, callback: Callback): void {
  if (hostname === 'localhost' && options.all) callback(null, bothLoopbacks);
  else lookup(hostname, options, callback);
}
