// Configurations and tokens that fit each other badly, or what Cloudflare or the class has; and the message about each.
import { writeFileSync } from 'node:fs';

import { config, type Bad } from './badInputs.ts';

const otherId = '0123456789abcdef0123456789abcdef';

export const accountCases: readonly Bad[] = [
  {
    what: 'a rejected token',
    spoil: ({ tokenFile }) => {
      writeFileSync(tokenFile, 'wrong-token-wrong');
    },
    code: 'token-rejected',
    exit: 77,
    says: ['403', 'Cloudflare Tunnel · Edit', 'doctor'],
    remote: true,
  },
  {
    what: 'a token without the right to edit',
    spoil: ({ standIn }) => {
      for (const token of standIn.world.tokens.values()) token.scopes = ['zone:read'];
    },
    code: 'token-rejected',
    exit: 77,
    says: ['DNS · Edit'],
    remote: true,
  },
  {
    what: 'an unknown tunnel',
    spoil: config({ tunnelId: '01234567-89ab-cdef-0123-456789abcdef' }),
    code: 'tunnel-unknown',
    exit: 78,
    says: ['01234567-89ab', '`tunnelId`'],
    remote: true,
  },
  {
    what: 'an unknown account',
    spoil: config({ accountId: otherId }),
    code: 'tunnel-unknown',
    exit: 78,
    says: [otherId, '`accountId`'],
    remote: true,
  },
  {
    what: 'an unknown zone',
    spoil: config({ zoneId: otherId }),
    code: 'zone-unknown',
    exit: 78,
    says: [otherId, '`zoneId`'],
    remote: true,
  },
  {
    what: 'a locally-managed tunnel',
    spoil: ({ standIn }) => {
      standIn.world.tunnel.source = 'local';
    },
    code: 'tunnel-local',
    exit: 78,
    says: ['cloudflared', 'Migrate'],
    remote: true,
  },
  {
    what: 'an unreachable API',
    spoil: ({ standIn }) => standIn.goOffline(),
    code: 'api-unreachable',
    exit: 1,
    says: ['ECONNREFUSED', 'network'],
    remote: true,
  },
  {
    what: "another student's port",
    spoil: config({ ports: { student1: 3001, student2: 3000 } }),
    code: 'port-not-allowed',
    exit: 77,
    says: ['3000', 'student2', '3001', 'PORT'],
  },
  {
    what: 'a port outside the range',
    spoil: config({ portRange: [4000, 4100] }),
    code: 'port-not-allowed',
    exit: 77,
    says: ['3000', '4000', '4100'],
  },
  {
    what: 'a student without a port',
    spoil: config({ ports: { student2: 3000 } }),
    code: 'port-not-allowed',
    exit: 77,
    says: ['student1', 'teacher'],
  },
];
