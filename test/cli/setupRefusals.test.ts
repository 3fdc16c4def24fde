import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { closeAll, type Classroom } from '../fixtures/provisioning/classroom.ts';
import { changesOf, emptyClass, isRoot, setup } from './setupHelpers.ts';

interface Refusal {
  readonly what: string;
  readonly spoil?: (classroom: Classroom) => unknown;
  readonly args?: readonly string[];
  readonly exit: number;
  readonly says: RegExp;
}

const refusals: readonly Refusal[] = [
  {
    what: 'a bad token',
    spoil: ({ tokenFile }) => {
      writeFileSync(tokenFile, 'wrong-token-wrong');
    },
    args: ['--account', 'a'.repeat(32)],
    exit: 77,
    says: /refuses the API token/,
  },
  {
    what: "an account's own token that may not list zones",
    spoil: ({ standIn }) => {
      for (const token of standIn.world.tokens.values()) {
        token.owner = 'account';
        token.scopes = ['tunnel:edit', 'dns:edit'];
      }
    },
    exit: 2,
    says: /The account \(the token may not list zones/,
  },
  {
    what: 'a token without DNS',
    spoil: ({ standIn }) => {
      for (const token of standIn.world.tokens.values()) token.scopes = ['tunnel:edit', 'zone:read'];
    },
    exit: 77,
    says: /dns_records[^]*DNS · Edit/,
  },
  {
    what: 'a token without tunnels',
    spoil: ({ standIn }) => {
      for (const token of standIn.world.tokens.values()) token.scopes = ['dns:edit', 'zone:read'];
    },
    exit: 77,
    says: /cfd_tunnel[^]*Cloudflare Tunnel · Edit/,
  },
  {
    what: 'a locally-managed tunnel',
    spoil: ({ standIn }) => {
      standIn.world.tunnel.source = 'local';
    },
    args: ['--tunnel', 'classroom'],
    exit: 78,
    says: /local file[^]*Migrate/,
  },
  {
    what: 'no tunnel that could be used',
    spoil: ({ standIn }) => {
      standIn.world.tunnel.source = 'local';
    },
    exit: 2,
    says: /--create-tunnel/,
  },
  {
    what: 'more than one tunnel',
    spoil: ({ standIn }) => {
      standIn.world.addTunnel({ name: 'second' });
    },
    exit: 2,
    says: /classroom, second[^]*--tunnel/,
  },
  {
    what: 'more than one zone',
    spoil: ({ standIn }) => {
      standIn.world.addZone({ name: 'example.org' });
    },
    exit: 2,
    says: /example\.com, example\.org[^]*--zone/,
  },
  { what: 'an unknown tunnel', args: ['--tunnel', 'other'], exit: 78, says: /no tunnel other/ },
  { what: 'an unknown zone', args: ['--zone', 'example.net'], exit: 78, says: /no zone example\.net/ },
  {
    what: 'a hostname outside the zone',
    args: ['--hostname', '{user}.example.net'],
    exit: 78,
    says: /does not lie in the zone example\.com/,
  },
  {
    what: 'a hostname that makes no name',
    args: ['--hostname', '{user}_x.example.com'],
    exit: 78,
    says: /is not a label/,
  },
  { what: 'ports that are none', args: ['--ports', 'student1=70000'], exit: 2, says: /not USER=PORT/ },
  { what: 'a port given twice', args: ['--ports', 'student1=3000,student2=3000'], exit: 2, says: /twice/ },
  { what: 'a range the wrong way round', args: ['--port-range', '3099-3000'], exit: 2, says: /FIRST-LAST/ },
  { what: 'an unreachable API', spoil: ({ standIn }) => standIn.goOffline(), exit: 1, says: /ECONNREFUSED/ },
  {
    what: 'a broken configuration',
    spoil: ({ configFile }) => {
      writeFileSync(configFile, '{');
    },
    exit: 78,
    says: /not JSON/,
  },
  ...(isRoot
    ? [{ what: 'root as the service account', args: ['--service-account', 'root'], exit: 2, says: /must not be root/ }]
    : []),
];

describe('command: setup, refusals', () => {
  afterEach(closeAll);

  for (const { what, spoil, args = [], exit, says } of refusals) {
    it(`${what}: one message, exit code ${exit}, nothing written`, async () => {
      const classroom = await emptyClass();
      await spoil?.(classroom);
      const before = [classroom.configFile, classroom.tokenFile].map((file) =>
        existsSync(file) ? readFileSync(file, 'utf8') : undefined,
      );
      const { code, out, err } = await setup(classroom, ...args);
      assert.deepEqual([code, out], [exit, ''], err);
      assert.match(err, says);
      assert.doesNotMatch(err, /undefined| at .*:\d+:\d+/);
      assert.deepEqual(
        [classroom.configFile, classroom.tokenFile].map((file) =>
          existsSync(file) ? readFileSync(file, 'utf8') : undefined,
        ),
        before,
      );
      assert.equal(existsSync(classroom.stateDir), false);
      if (classroom.standIn.requests.length > 0) assert.equal(changesOf(classroom), 0);
    });
  }

  it('says where a token may come from when there is none', async () => {
    const classroom = await emptyClass();
    const { code, err } = await classroom.run(['setup']);
    assert.equal(code, 2);
    assert.match(err, /CLOUDFLARE_API_TOKEN/);
  });
});
