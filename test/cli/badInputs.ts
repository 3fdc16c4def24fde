// Configurations and tokens with a mistake, and the message about each.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Classroom } from '../fixtures/provisioning/classroom.ts';

export interface Bad {
  readonly what: string;
  readonly spoil: (classroom: Classroom) => unknown;
  readonly code: string;
  readonly exit: number;
  /** Words that the message must have: what is wrong, where, and how to fix it. */
  readonly says: readonly (string | RegExp)[];
  /** Calls to Cloudflare are needed to find it out. */
  readonly remote?: boolean;
}

export const config = (changes: Record<string, unknown>) => (classroom: Classroom) => {
  classroom.configure(changes);
};

/** Found without a call to Cloudflare. */
export const localCases: readonly Bad[] = [
  {
    what: 'no configuration file',
    spoil: ({ configFile }) => {
      rmSync(configFile);
    },
    code: 'config-missing',
    exit: 78,
    says: ['config.json', 'classroom-tunnel setup'],
  },
  {
    what: 'a folder as configuration',
    spoil: ({ configFile }) => {
      rmSync(configFile);
      mkdirSync(configFile);
    },
    code: 'config-unreadable',
    exit: 78,
    says: ['config.json', 'folder'],
  },
  {
    what: 'a configuration that is no JSON',
    spoil: ({ configFile }) => {
      writeFileSync(configFile, '{"accountId": ');
    },
    code: 'config-invalid',
    exit: 78,
    says: ['config.json', 'not JSON', 'commas'],
  },
  {
    what: 'a configuration that is no object',
    spoil: ({ configFile }) => {
      writeFileSync(configFile, '[]');
    },
    code: 'config-invalid',
    exit: 78,
    says: ['config.json', 'object'],
  },
  {
    what: 'an unknown key',
    spoil: config({ acountId: 'x' }),
    code: 'config-invalid',
    exit: 78,
    says: ['config.json', '`acountId`', 'spelling'],
  },
  {
    what: 'a missing key',
    spoil: config({ tunnelId: undefined }),
    code: 'config-invalid',
    exit: 78,
    says: ['config.json', '`tunnelId` is missing', 'Add'],
  },
  {
    what: 'a value of the wrong type',
    spoil: config({ commands: 'npm run dev' }),
    code: 'config-invalid',
    exit: 78,
    says: ['config.json', '`commands`', 'array'],
  },
  {
    what: 'an unreadable token file',
    spoil: config({ tokenFile: 'nowhere' }),
    code: 'token-unreadable',
    exit: 78,
    says: ['nowhere', 'does not exist', 'tokenFile'],
  },
  {
    what: 'a folder as token file',
    spoil: config({ tokenFile: '.' }),
    code: 'token-unreadable',
    exit: 78,
    says: ['folder', 'tokenFile'],
  },
  {
    what: 'an empty token file',
    spoil: ({ tokenFile }) => {
      writeFileSync(tokenFile, '\n');
    },
    code: 'token-unreadable',
    exit: 78,
    says: ['token', 'empty'],
  },
  ...[
    'first\nsecond',
    'CLOUDFLARE_API_TOKEN="first"',
    'first\0',
    '\u201cfirst\u201d',
    'Bearer first',
    '{"token":"first"}',
  ].map((text): Bad => ({
    what: `${JSON.stringify(text)} as the token`,
    spoil: ({ tokenFile, standIn }) => {
      writeFileSync(tokenFile, text.replace('first', standIn.token));
    },
    code: 'token-unreadable',
    exit: 78,
    says: ['token', text.includes('\n') ? 'more than one line' : 'not part of a token'],
  })),
  {
    what: 'a FIFO as token file',
    spoil: ({ tokenFile }) => {
      rmSync(tokenFile);
      execFileSync('mkfifo', [tokenFile]);
    },
    code: 'token-unreadable',
    exit: 78,
    says: ['not a regular file'],
  },
  {
    what: 'a FIFO as configuration',
    spoil: ({ configFile }) => {
      rmSync(configFile);
      execFileSync('mkfifo', [configFile]);
    },
    code: 'config-unreadable',
    exit: 78,
    says: ['config.json', 'not a regular file'],
  },
  {
    what: 'the token file as configuration',
    spoil: ({ tokenFile, configFile }) => {
      copyFileSync(tokenFile, configFile);
    },
    code: 'config-invalid',
    exit: 78,
    says: ['config.json', 'not JSON'],
  },
  {
    what: 'no token at all',
    spoil: config({ tokenFile: undefined }),
    code: 'token-missing',
    exit: 78,
    says: ['config.json', 'CLOUDFLARE_API_TOKEN', 'tokenFile'],
  },
  {
    what: 'a template with an unknown placeholder',
    spoil: config({ hostname: '{name}.example.com' }),
    code: 'hostname-invalid',
    exit: 78,
    says: ['{name}', '{user}', 'hostname'],
  },
  {
    what: 'a template that makes no valid name',
    spoil: config({ hostname: '{user}_x.example.com' }),
    code: 'hostname-invalid',
    exit: 78,
    says: ['student1_x', 'Change `hostname`'],
  },
  {
    what: 'a template without a domain',
    spoil: config({ hostname: '{user}' }),
    code: 'hostname-invalid',
    exit: 78,
    says: ['domain'],
  },
];
