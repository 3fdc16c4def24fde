import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseStatus, readStatus } from '../../src/cli/siteStatus.ts';
import { textOf } from '../../src/messages/texts.ts';
import type { Site } from '../../src/window/site/siteState.ts';
import { emptyWindow, type WindowState } from '../../src/window/site/windowState.ts';
import { allLinks, classView, readClassList, type ClassList } from '../../src/window/teacher/classList.ts';
import type { Info } from '../../src/window/cli/events.ts';
import { noVisitors } from '../../src/relay/visitors.ts';
import { SiteStatusFiles } from '../../src/window/teacher/siteStatus.ts';
import { lease } from './site/sites.ts';

const site = (user: string, more: object = {}) => ({
  ...{
    user,
    port: 3001,
    hostname: `${user}.example.com`,
    url: `https://${user}.example.com`,
    since: 'T1',
    holders: [],
  },
  ...more,
});
const list = (fields: object): ClassList => {
  const found = readClassList(JSON.stringify({ event: 'list', publications: [], stopped: [], paused: [], ...fields }));
  assert.ok(found);
  return found;
};
const shown = (fields: object) =>
  classView(list(fields), (time) => time).rows.map(({ label, description, icon, kind }) => [
    label,
    description,
    icon,
    kind,
  ]);

describe('the class view', () => {
  it('shows live sites in the order of their numbers, with server, state and reason', () => {
    const status = { state: 'waiting', server: 'Vite', problem: 'Vite refuses visitors' };
    const publications = [
      site('student10'),
      site('student2', { status: { state: 'live', server: 'Vite', visitors: { now: 2, inAll: 7 } } }),
      site('student1', { status }),
    ];
    assert.deepEqual(shown({ publications }), [
      ['student1', 'waiting: Vite refuses visitors since T1 · Vite', 'warning', 'live'],
      ['student2', 'live since T1 · Vite · visitors: 2 now, 7 in all', 'globe', 'live'],
      ['student10', 'live since T1', 'globe', 'live'],
    ]);
    assert.equal(classView(list({ publications }), String).badge, 3);
    assert.match(allLinks(list({ publications })), /^student10: https:\/\/student10\.example\.com\n/);
  });

  it('shows who is stopped and paused, and until when the class is closed', () => {
    const rows = shown({
      stopped: [
        { user: 'student1', port: 3001, hostname: 'a', since: 'T2' },
        { user: 'student1', port: 3002, hostname: 'b', since: 'T2' },
      ],
      paused: [
        { user: 'student2', since: 'T3', until: null, message: null },
        { user: null, since: 'T3', until: 'T4', message: 'Look at the board.' },
      ],
      closed: { until: 'T5', message: 'The class is open Mon 08:00-17:00.' },
    });
    assert.deepEqual(rows, [
      ['Everyone', 'paused until T5', 'debug-pause', 'everyone'],
      ['Everyone', 'paused until T4', 'debug-pause', 'everyone'],
      ['student1', 'stopped at T2', 'debug-stop', 'stopped'],
      ['student2', 'paused', 'debug-pause', 'paused'],
    ]);
  });

  it('opens no address but of the web, and reads nothing but lists', () => {
    assert.deepEqual(
      shown({ publications: [site('student1', { url: 'command:workbench.action.quit' }), 7, null] }),
      [],
    );
    assert.deepEqual(['', '7', '{"event":"error"}', 'null'].map(readClassList), [
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('what a window tells the teacher of its sites', () => {
  const folder = mkdtempSync(join(tmpdir(), 'classroom-tunnel-status-'));
  after(() => rmSync(folder, { recursive: true }));
  const info: Info = {
    ...{ event: 'info', user: 'student1', machine: 'host', port: null, hostname: null, url: null, commands: [] },
    ...{ portVariable: 'PORT', socketFolder: null, visibility: 'public', publication: null },
  };
  const stateOf = (...sites: Site[]): WindowState => ({
    ...emptyWindow,
    sites: new Map(sites.map((one, port) => [port, one])),
  });

  it('is read beside the relay socket, and goes when the site does', () => {
    const files = new SiteStatusFiles(
      { current: { ...info, socketFolder: folder } },
      { visitorsOf: () => ({ ...noVisitors, now: 2, inAll: 7 }) },
    );
    const base = { runs: new Map(), notified: true, lease } as const;
    const refusal = { server: 'Vite', why: 'x', file: 'y', fix: 'z' } as const;
    files.save(stateOf({ kind: 'live', ...base }, { kind: 'waiting', ...base, refusal }));
    const read = (port: number) => readStatus(`unix:${folder}/${port}.sock`);
    const visitors = { now: 2, inAll: 7 };
    assert.deepEqual(read(0), { state: 'live', server: null, problem: null, visitors });
    const reason = textOf('{server} refuses visitors', { server: 'Vite' });
    assert.deepEqual(read(1), { state: 'waiting', server: null, problem: 'Vite refuses visitors', reason, visitors });
    files.save(stateOf({ kind: 'idle', runs: new Map(), notified: false }));
    assert.deepEqual(readdirSync(folder), []);
    assert.equal(readStatus('http://localhost:3000'), undefined);
  });

  it('is bounded and cleaned, because a student can write anything there', () => {
    assert.deepEqual(parseStatus(`{"state":"live","server":"${'a'.repeat(999)}","problem":"\\u001b[2J"}`), {
      state: 'live',
      server: 'a'.repeat(120),
      problem: '[2J',
    });
    for (const text of ['', '7', 'null', '{"state":"a b"}', '{"state":7}']) assert.equal(parseStatus(text), undefined);
    writeFileSync(join(folder, '5.json'), `{"state":"live"}${' '.repeat(5_000)}`);
    symlinkSync('/etc/hostname', join(folder, '6.json'));
    mkdirSync(join(folder, '7.json'));
    for (const port of [5, 6, 7]) assert.equal(readStatus(`unix:${folder}/${port}.sock`), undefined);
  });
});
