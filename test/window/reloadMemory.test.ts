import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReloadMemory, memoriesOf } from '../../src/window/reloadMemory.ts';
import { emptyWindow, type WindowState } from '../../src/window/site/windowState.ts';
import { examples, otherShell, running, shell, stopped } from './site/sites.ts';

const showing = (
  ...sites: [number, WindowState['sites'] extends ReadonlyMap<number, infer S> ? S : never][]
): WindowState => ({ ...emptyWindow, sites: new Map(sites) });

describe('what a reload carries over', () => {
  let root: string;
  let logged: string[];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'window-holds-'));
    logged = [];
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const holds = (): ReloadMemory => new ReloadMemory(join(root, 'holds'), (message) => logged.push(message));

  it('is each public site, for each terminal that holds it, whether its server runs or not', () => {
    const both = new Map([...stopped(), ...running('21:1', otherShell)]);
    assert.deepEqual(
      [...memoriesOf(showing([3000, { ...examples.live, runs: both }]))],
      [
        [shell, [{ port: 3000, notified: true }]],
        [otherShell, [{ port: 3000, notified: true }]],
      ],
    );
  });

  it('is also which server the student chose to be shown', () => {
    const chosen = new Map([[shell, { process: '11:1', running: true, shows: 4000 }]]);
    const before = holds();
    before.save(showing([3000, { ...examples.live, runs: chosen }]));
    assert.deepEqual(holds().read(shell), [{ port: 3000, notified: true, chosen: { process: '11:1', shows: 4000 } }]);
  });

  it('is also what the student took down by hand, so that it stays down', () => {
    assert.deepEqual(
      [...memoriesOf(showing([3000, { kind: 'idle', runs: running(), notified: false }]))],
      [[shell, [{ port: 3000, notified: false, declined: '11:1' }]]],
    );
  });

  it('is nothing of a site that failed, has no port, or was released while the window was away', () => {
    const { failed, notPublic } = examples;
    assert.deepEqual(
      [
        ...memoriesOf(
          showing([3000, failed], [0, notPublic], [3001, { kind: 'away', runs: running(), notified: true }]),
        ),
      ],
      [],
    );
  });

  it('is read by the next window, and gone with what it stands for', () => {
    const before = holds();
    before.save(showing([3000, examples.stopped]));
    assert.deepEqual(holds().read(shell), [{ port: 3000, notified: true }]);
    before.save(emptyWindow);
    assert.deepEqual([holds().read(shell), readdirSync(join(root, 'holds'))], [[], []]);
  });

  it('does not touch what another window wrote', () => {
    holds().save(showing([3000, { ...examples.stopped, runs: stopped('21:1', otherShell) }]));
    const mine = holds();
    mine.save(showing([3001, examples.stopped]));
    mine.save(emptyWindow);
    assert.deepEqual(holds().read(otherShell), [{ port: 3000, notified: true }]);
  });

  it('is forgotten when the shell has ended', () => {
    holds().save(
      showing([3000, { ...examples.stopped, runs: new Map([...stopped(), ...stopped('21:1', otherShell)]) }]),
    );
    holds().prune((id) => id === shell);
    assert.deepEqual([holds().read(shell).length, holds().read(otherShell).length], [1, 0]);
  });

  it('may be torn, or not writable: then nothing is carried over, and the log says so', () => {
    mkdirSync(join(root, 'holds'));
    writeFileSync(join(root, 'holds', '10-1.json'), '[{"port":30');
    assert.deepEqual(holds().read(shell), []);
    rmSync(join(root, 'holds'), { recursive: true });
    writeFileSync(join(root, 'holds'), 'a file');
    holds().save(showing([3000, examples.stopped]));
    assert.match(logged.join(), /cannot write/);
  });
});
