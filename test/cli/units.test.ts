import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { connectorFiles, unitFiles } from '../../src/cli/setup/units.ts';
import { hasRule } from '../../src/cli/sudoRules.ts';

const folder = new URL('../../install/', import.meta.url);
const facts = {
  node: '/usr/bin/node',
  program: '/usr/local/bin/classroom-tunnel',
  serviceAccount: 'classroom-tunnel',
  configFile: '/etc/classroom-tunnel/config.json',
  isDefaultConfigFile: true,
  stateDir: '/var/lib/classroom-tunnel',
  commandSocket: '/run/classroom-tunnel/command.sock',
};

describe('the units of the service', () => {
  it('are those in install/, with the defaults', () => {
    const cloudflared = '/usr/bin/cloudflared';
    const tokenFile = '/etc/classroom-tunnel/connector.token';
    const units = { ...unitFiles(facts), ...connectorFiles({ cloudflared, tokenFile, metrics: '127.0.0.1:20241' }) };
    const kept = readdirSync(folder).filter((name) => /\.(service|socket|timer)$/.test(name));
    assert.deepEqual(kept.sort(), Object.keys(units).sort());
    for (const [name, text] of Object.entries(units)) assert.equal(readFileSync(new URL(name, folder), 'utf8'), text);
  });

  it('name another configuration, state folder and account', () => {
    const configFile = '/srv/class/config.json';
    const units = unitFiles({
      ...facts,
      configFile,
      isDefaultConfigFile: false,
      stateDir: '/srv/state',
      serviceAccount: 'ct',
    });
    for (const name of ['classroom-tunnel@.service', 'classroom-tunnel-gc.service']) {
      assert.match(units[name] ?? '', /^User=ct\nEnvironment=CLASSROOM_TUNNEL_CONFIG=\/srv\/class\/config\.json\n/m);
      assert.match(units[name] ?? '', /^ReadWritePaths=\/srv\/state$/m);
    }
  });
});

describe('the sudo rule of an older version', () => {
  for (const [line, expected] of [
    ['%students ALL=(classroom-tunnel) NOPASSWD: /usr/local/bin/classroom-tunnel', true],
    ['student1 ALL=(ct) NOPASSWD:/opt/classroom-tunnel publish *', true],
    ['# %students ALL=(classroom-tunnel) NOPASSWD: /usr/local/bin/classroom-tunnel', false],
    ['%admin ALL=(ALL) ALL', false],
  ] as const) {
    it(`is ${expected ? '' : 'not '}found in "${line}"`, () => {
      assert.equal(hasRule(`Defaults env_reset\n${line}\n`), expected);
    });
  }
});
