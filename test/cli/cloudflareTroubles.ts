// Faults that a class may have at Cloudflare, and the doctor's words about each.
import { writeFileSync } from 'node:fs';
import type { Scope } from '../../standin/world.ts';
import type { Classroom } from '../fixtures/provisioning/classroom.ts';

import { config, type Trouble } from './doctorTroubles.ts';

const scopes =
  (...kept: Scope[]) =>
  ({ standIn }: Classroom) => {
    for (const token of standIn.world.tokens.values()) token.scopes = kept;
  };
/** Adds the wildcard record that leads to the tunnel, with these differences. */
export function addWildcard({ standIn }: Classroom, differences: object = {}): void {
  const content = `${standIn.tunnelId}.cfargotunnel.com`;
  standIn.addRecord({ type: 'CNAME', name: '*.example.com', content, proxied: true, ttl: 1, ...differences });
}
const addRecord = (fields: object) => (classroom: Classroom) => {
  classroom.configure({ dns: 'wildcard' });
  addWildcard(classroom, fields);
};

export const cloudflareTroubles: readonly Trouble[] = [
  {
    what: 'a rejected token',
    spoil: ({ tokenFile }) => {
      writeFileSync(tokenFile, 'wrong-token-wrong');
    },
    check: 'token',
    says: /401/,
    fix: /permissions/,
  },
  {
    what: 'an expired token',
    spoil: ({ standIn }) => {
      for (const token of standIn.world.tokens.values()) token.status = 'expired';
    },
    check: 'token',
    says: /expired/,
    fix: /new one/,
  },
  {
    what: 'a token without the tunnel',
    spoil: scopes('dns:edit', 'zone:read'),
    check: 'tunnel',
    says: /may not/,
    fix: /Cloudflare Tunnel · Edit/,
    also: ['rules', 'token'],
  },
  {
    what: 'a token without DNS',
    spoil: scopes('tunnel:edit', 'zone:read'),
    check: 'DNS',
    says: /may not/,
    fix: /DNS · Edit/,
    also: ['token'],
  },
  {
    what: 'a token that may only read the rules',
    spoil: scopes('tunnel:read', 'dns:edit', 'zone:read'),
    check: 'token',
    says: /may not change the tunnel's rules/,
    fix: /Cloudflare Tunnel · Edit .*Argo Tunnel \(Legacy\)/,
  },
  {
    what: 'a token that may only read the records',
    spoil: scopes('tunnel:edit', 'dns:read', 'zone:read'),
    check: 'token',
    says: /may not change DNS records/,
    fix: /DNS · Edit/,
  },
  {
    what: 'a zone whose settings break development sites',
    spoil: scopes('tunnel:edit', 'dns:edit', 'zone:read', 'settings:read'),
    check: 'zone settings',
    level: 'warning',
    says: /Email Address Obfuscation.*Browser Cache TTL/,
    fix: /Respect Existing Headers/,
  },
  {
    what: 'a token that may not see the zone',
    spoil: scopes('tunnel:edit', 'dns:edit'),
    check: 'zone',
    level: 'warning',
    says: /it is not known/,
    fix: /Zone · Read/,
  },
  {
    what: 'an unknown tunnel',
    spoil: config({ tunnelId: '01234567-89ab-cdef-0123-456789abcdef' }),
    check: 'tunnel',
    says: /01234567/,
    fix: /`tunnelId`/,
    also: ['rules'],
  },
  {
    what: 'an unknown zone',
    spoil: config({ zoneId: '0123456789abcdef0123456789abcdef' }),
    check: 'zone',
    says: /01234567/,
    fix: /`zoneId`/,
    also: ['DNS'],
  },
  {
    what: 'a locally-managed tunnel',
    spoil: ({ standIn }) => {
      standIn.world.tunnel.source = 'local';
    },
    check: 'tunnel',
    says: /file beside cloudflared/,
    fix: /Migrate/,
    also: ['rules'],
  },
  {
    what: 'a tunnel without a connector',
    spoil: ({ standIn }) => {
      standIn.world.tunnel.connected = false;
    },
    check: 'tunnel',
    says: /no connector/,
    also: ['connector'],
    fix: /cloudflared/,
  },
  {
    what: 'a hostname outside the zone',
    spoil: config({ hostname: '{user}.example.org' }),
    check: 'hostname',
    says: /does not lie/,
    fix: /\.example\.com/,
  },
  {
    what: 'a hostname two levels below',
    spoil: config({ hostname: '{user}.class.example.com' }),
    check: 'hostname',
    level: 'warning',
    says: /certificate/,
    fix: /\{user\}-class\.example\.com/,
  },
  {
    what: 'an unreachable API',
    spoil: ({ standIn }) => standIn.goOffline(),
    check: 'token',
    says: /ECONNREFUSED/,
    fix: /network/,
  },
  {
    what: 'wildcard mode without its record',
    spoil: config({ dns: 'wildcard' }),
    check: 'DNS',
    says: /no record \*\.example\.com/,
    fix: /CNAME/,
  },
  {
    what: 'a wildcard that leads elsewhere',
    spoil: addRecord({ content: 'other.example.net' }),
    check: 'DNS',
    says: /other\.example\.net/,
    fix: /CNAME/,
  },
];
