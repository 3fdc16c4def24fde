// Faults that a class may have, and the doctor's words about each.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import type { Scope } from '../../standin/world.ts';
import type { Classroom } from '../fixtures/provisioning/classroom.ts';

export interface Trouble {
  readonly what: string;
  readonly spoil: (classroom: Classroom) => unknown;
  readonly check: string;
  readonly level?: 'warning';
  readonly says: RegExp;
  readonly fix: RegExp;
  /** Other checks that fail for the same reason. */
  readonly also?: readonly string[];
}

const config = (changes: Record<string, unknown>) => (classroom: Classroom) => {
  classroom.configure(changes);
};
const scopes =
  (...kept: Scope[]) =>
  ({ standIn }: Classroom) => {
    for (const token of standIn.world.tokens.values()) token.scopes = kept;
  };
const addRecord = (fields: object) => (classroom: Classroom) => {
  classroom.configure({ dns: 'wildcard' });
  classroom.standIn.addRecord({
    type: 'CNAME',
    name: '*.example.com',
    content: `${classroom.standIn.tunnelId}.cfargotunnel.com`,
    proxied: true,
    ttl: 1,
    ...fields,
  });
};

export const troubles: readonly Trouble[] = [
  {
    what: 'a configuration that others may write',
    spoil: ({ configFile }) => {
      chmodSync(configFile, 0o666);
    },
    check: 'configuration',
    says: /other accounts/,
    fix: /chmod 644/,
  },
  {
    what: 'a class in which anybody has any name',
    spoil: config({ allowUserOverride: true }),
    check: 'configuration',
    level: 'warning',
    says: /any name/,
    fix: /Remove/,
  },
  {
    what: 'a class in which nobody has a port',
    spoil: config({ portRange: undefined }),
    check: 'configuration',
    level: 'warning',
    says: /port/,
    fix: /`ports`/,
  },
  {
    what: 'a token that everybody can read',
    spoil: ({ tokenFile }) => {
      chmodSync(tokenFile, 0o644);
    },
    check: 'token file',
    level: 'warning',
    says: /Every account/,
    fix: /chmod 600/,
  },
  {
    what: 'a missing token file',
    spoil: config({ tokenFile: 'nowhere' }),
    check: 'token',
    says: /nowhere/,
    fix: /tokenFile/,
  },
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
    what: 'no state folder',
    spoil: config({ stateDir: 'nowhere' }),
    check: 'state',
    says: /nowhere does not exist/,
    fix: /setup/,
  },
  {
    what: 'a sticky state folder',
    spoil: ({ stateDir }) => {
      chmodSync(stateDir, 0o1711);
    },
    check: 'state',
    says: /sticky/,
    fix: /chmod -t/,
  },
  {
    what: 'a state folder for everybody',
    spoil: ({ stateDir }) => {
      chmodSync(stateDir, 0o777);
    },
    check: 'state',
    says: /Every account/,
    fix: /2771/,
  },
  {
    what: 'a state folder that hides the sockets',
    spoil: ({ stateDir }) => {
      chmodSync(stateDir, 0o700);
    },
    check: 'state',
    level: 'warning',
    says: /relays/,
    fix: /o\+x/,
  },
  {
    what: 'a torn state file',
    spoil: (classroom) => {
      mkdirSync(classroom.in('records'), { mode: 0o711 });
      writeFileSync(classroom.in('records', 'state.json'), '{"ver');
    },
    check: 'records',
    level: 'warning',
    says: /not readable/,
    fix: /gc/,
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
