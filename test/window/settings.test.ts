import assert from 'node:assert/strict';
import { terminalVariables } from '../../src/vscode/terminalEnvironment.ts';
import { readPort } from '../../src/window/site/port.ts';
import { commandLine, defaults, readSettings, type SettingsReader } from '../../src/window/settings.ts';

const reader = (values: Record<string, unknown>): SettingsReader => ({ get: (name: string) => values[name] });

describe('settings', () => {
  it('have their defaults', () => assert.deepEqual(readSettings(reader({})), defaults));

  it('are read', () => {
    const values = {
      command: ['sudo', 'x'],
      configFile: '/etc/c.json',
      graceSeconds: 3,
      awayMinutes: 0.5,
      visibility: 'class',
    };
    assert.deepEqual(readSettings(reader(values)), values);
  });

  it('of a wrong type count as not set', () => {
    assert.deepEqual(
      readSettings(reader({ command: 'rm', configFile: 1, graceSeconds: '3', awayMinutes: -1, visibility: true })),
      defaults,
    );
    assert.deepEqual(readSettings(reader({ command: ['a', 1], graceSeconds: Number.NaN })), defaults);
  });

  it("call the extension's own command by default", () => {
    const { words, env } = commandLine(defaults, '/ext', '/bin/node', { A: 'b' });
    assert.deepEqual(words, ['/bin/node', '/ext/dist/cli.js']);
    assert.deepEqual(env, { A: 'b', ELECTRON_RUN_AS_NODE: '1' });
  });

  it("call the class's command, with its configuration", () => {
    const { words, env } = commandLine(
      { ...defaults, command: ['sudo', '-n', 'ct'], configFile: '/c' },
      '/ext',
      'node',
      {},
    );
    assert.deepEqual(words, ['sudo', '-n', 'ct']);
    assert.equal(env.CLASSROOM_TUNNEL_CONFIG, '/c');
  });
});

describe('the variables of new terminals', () => {
  it('have a port only where the configuration assigns one', () => {
    assert.deepEqual([...terminalVariables({ port: 3000, portVariable: 'MY_PORT', url: null })].at(-1), [
      'MY_PORT',
      '3000',
    ]);
    assert.deepEqual(
      [...terminalVariables({ port: null, portVariable: 'PORT', url: null }).keys()],
      ['CLASSROOM_TUNNEL_WINDOW', 'WDS_SOCKET_PORT'],
    );
    const variables = terminalVariables({ port: 3000, portVariable: 'PORT', url: 'https://a.example.com' });
    for (const name of ['CLASSROOM_TUNNEL_URL', 'AUTH_URL', 'NEXTAUTH_URL'])
      assert.equal(variables.get(name), 'https://a.example.com', name);
    assert.deepEqual(terminalVariables(undefined), terminalVariables({ port: null, portVariable: 'PORT', url: null }));
  });
});

describe('the text of PORT', () => {
  for (const [text, port] of [
    ['3000', 3000],
    [' 65535 ', 65535],
    ['1', 1],
    ['', undefined],
    ['  ', undefined],
    [undefined, undefined],
  ] as const) {
    it(`${JSON.stringify(text)} is ${port ?? 'none'}`, () => assert.equal(readPort(text, 'PORT'), port));
  }
  for (const text of ['0', '65536', '-1', '3000x', '3e3', '0x10', '1.5', 'abc', '３０００', '<b>']) {
    it(`${JSON.stringify(text)} is no port`, () => {
      const read = readPort(text, 'PORT');
      assert.ok(typeof read === 'object' && read.code === 'port-invalid');
    });
  }

  it('is not repeated in the message, whatever it holds', () => {
    const messages = ['secret', '$(flame)', '0'].map((text) => readPort(text, 'PORT'));
    assert.ok(typeof messages[0] === 'object');
    assert.deepEqual(messages, [messages[0], messages[0], messages[0]]);
    assert.doesNotMatch(JSON.stringify(messages[0]), /secret/);
  });
});
