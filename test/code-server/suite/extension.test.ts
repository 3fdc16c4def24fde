import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { TestApi } from '../../../src/vscode/testApi.ts';
import { ID, activated, closeTerminals, openTerminal, run, waitForState, waitUntilNothing, world } from './window.ts';

const LOADS = 5;

/** The time that the host takes to load the window's bundle: the best of several, as the first also warms the disk cache. */
function loadMilliseconds(extensionPath: string): number {
  const bundle = join(extensionPath, 'dist', 'extension.cjs');
  const require = createRequire(bundle);
  const kept = require.cache[bundle];
  const times = Array.from({ length: LOADS }, () => {
    Reflect.deleteProperty(require.cache, bundle);
    const began = performance.now();
    require(bundle);
    return performance.now() - began;
  });
  if (kept) require.cache[bundle] = kept;
  return Math.min(...times);
}

function activationFigures(api: TestApi): string {
  const extension = vscode.extensions.getExtension(ID);
  assert.ok(extension);
  const load = loadMilliseconds(extension.extensionPath);
  const { wallMs, cpuMs } = api.activation;
  // On a busy machine wall time includes other programs' work, and CPU time includes the other threads' of this process.
  const sum = load + Math.min(wallMs, cpuMs);
  return (
    `activation adds ${sum.toFixed(1)} ms: ${load.toFixed(1)} to load the bundle, and to activate ` +
    `${wallMs.toFixed(1)} on the clock, ${cpuMs.toFixed(1)} of work`
  );
}

describe('the extension in a real extension host', () => {
  let api: TestApi;

  before(async function () {
    api = await activated();
    // For a person to judge (20 ms at most): a test of it would fail on a busy machine.
    if (this.test?.parent) this.test.parent.title += ` (${activationFigures(api)})`;
  });

  afterEach(() => closeTerminals(api));

  it('offers its commands, and no setting that a workspace could change', async () => {
    const all = await vscode.commands.getCommands(true);
    for (const name of ['republish', 'unpublish', 'open', 'copyLink', 'showLog'])
      assert.ok(all.includes(`classroomTunnel.${name}`), name);
    for (const key of ['command', 'configFile', 'graceSeconds', 'awayMinutes']) {
      const set = vscode.workspace
        .getConfiguration('classroomTunnel')
        .update(key, undefined, vscode.ConfigurationTarget.Workspace);
      await assert.rejects(Promise.resolve(set), /workspace/i, key);
    }
  });

  it('keeps VS Code from announcing the port itself, beside the notification of the public site', () => {
    const others = vscode.workspace.getConfiguration('remote').get('otherPortsAttributes');
    assert.deepEqual(others, { onAutoForward: 'silent' });
  });

  it('publishes a command typed into a new terminal, and takes the site down with the terminal', async () => {
    const terminal = await openTerminal({ withPort: true });
    run(terminal, 'npm run dev');
    const live = await waitForState(api, 'live');
    assert.equal(live.hostname, 'student1.localhost');
    assert.deepEqual(await world(), { rules: ['student1.localhost'], records: ['student1.localhost'] });
    terminal.dispose();
    await waitForState(api, 'idle');
    await waitUntilNothing();
  });

  it('finds the command inside a list', async () => {
    const terminal = await openTerminal({ withPort: true });
    run(terminal, 'cd . && npm run dev; echo over');
    await waitForState(api, 'live');
  });

  it('says that a command without a port is not public, and publishes nothing', async () => {
    const terminal = await openTerminal({ withPort: true });
    run(terminal, 'unset PORT; npm run dev');
    await waitForState(api, 'notPublic');
    assert.deepEqual((await world()).rules, []);
  });

  it('says that a port is no port, and publishes nothing', async () => {
    const terminal = await openTerminal({ withPort: true });
    run(terminal, 'PORT=seventy npm run dev');
    const failed = await waitForState(api, 'failed');
    assert.equal(failed.problem, 'port-invalid');
    assert.deepEqual((await world()).rules, []);
  });

  it('unpublishes and republishes by command', async () => {
    const terminal = await openTerminal({ withPort: true });
    run(terminal, 'npm run dev');
    await waitForState(api, 'live');
    await vscode.commands.executeCommand('classroomTunnel.unpublish');
    await waitForState(api, 'idle');
    await waitUntilNothing();
    await vscode.commands.executeCommand('classroomTunnel.republish');
    await waitForState(api, 'live');
    assert.deepEqual(await world(), { rules: ['student1.localhost'], records: ['student1.localhost'] });
  });
});
