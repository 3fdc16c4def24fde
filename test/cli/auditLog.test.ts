import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { lastEntries, rowsOf } from '../../src/cli/auditLog.ts';
import { History } from '../../src/provisioning/history.ts';
import { StateFolder } from '../../src/provisioning/stateFolder.ts';
import { closeAll, startClassroom } from '../fixtures/provisioning/classroom.ts';
import { callsOf } from '../fixtures/provisioning/remote.ts';

describe('command: log', () => {
  afterEach(closeAll);

  it('shows the changes, newest last, without a call', async () => {
    const classroom = await startClassroom();
    assert.equal((await classroom.run(['log'])).out, 'Nothing has been changed yet.\n');
    await classroom.done(['publish', '-p', '3001']);
    await classroom.done(['stop', '--all'], { user: 'root' });
    classroom.standIn.requests.length = 0;
    const [heading = '', ...rows] = (await classroom.run(['log'])).out.trimEnd().split('\n');
    assert.deepEqual(heading.split(/ +/), ['TIME', 'USER', 'WHAT', 'PORT', 'ABOUT', 'OUTCOME', 'MS', 'CALLS']);
    assert.equal(rows.length, 2);
    assert.match(rows[0] ?? '', /^\S+Z +student1 +publish +3001 +student1\.example\.com +published +\d+ +4$/);
    assert.match(rows[1] ?? '', /^\S+Z +root +stop +student1\.example\.com everyone +removed +\d+ +3$/);
    const { entries } = await classroom.done(['log']);
    assert.deepEqual(
      (entries as { what: string }[]).map(({ what }) => what),
      ['publish', 'stop'],
    );
    assert.deepEqual(callsOf(classroom.standIn), []);
  });

  it('shows the last 100 entries, without intents and torn lines', () => {
    const lines = Array.from({ length: 150 }, (_, number) => JSON.stringify({ what: 'publish', port: number }));
    const entries = lastEntries(['ish","port":1}', ...lines, '{"what":"intent"}', '[1]', '{"what":"rel'].join('\n'));
    assert.deepEqual([entries.length, entries[0]?.['port'], entries.at(-1)?.['port']], [100, 50, 149]);
  });

  it('is rotated when it is large, and shows the entries of both files', async () => {
    const classroom = await startClassroom();
    const folder = await StateFolder.open(classroom.stateDir);
    const history = new History(folder);
    await history.audit({ what: 'x'.repeat(1_000_000) });
    await history.audit({ what: 'second' });
    await history.audit({ what: 'third' });
    assert.equal(readFileSync(classroom.in('audit.log.1'), 'utf8').split('\n').length, 2);
    assert.equal(readFileSync(classroom.in('audit.log'), 'utf8').split('\n').length, 3);
    assert.match((await classroom.run(['log'])).out, /second[^]*third/);
  });

  it('shows no control characters', () => {
    assert.deepEqual(rowsOf([{ user: 'a\u001b[31m\n', port: 1 }])[1], ['', 'a[31m', '', '1', '', '', '', '']);
  });
});
