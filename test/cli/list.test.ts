import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe as describeList } from '../../src/cli/list.ts';
import { emptyState } from '../../src/provisioning/publications.ts';
import { closeAll, startClassroom } from '../fixtures/provisioning/classroom.ts';

const config = { openingHours: [], publicUrl: 'https://{hostname}' };
const now = '2026-06-01T10:00:00.000Z';

describe('command: list', () => {
  afterEach(closeAll);

  it('shows stops and pauses, but none that is over', () => {
    const stops = [
      { user: 'student1', since: now, sites: [{ hostname: 'student1.example.com', port: 3001 }], sockets: [] },
      { user: 'student2', since: now, sites: [], sockets: [] },
    ];
    const pauses = [
      { since: now, until: now },
      { user: 'student3', since: now, message: 'Later.' },
    ];
    const { text, event } = describeList({ ...emptyState, controls: { stops, pauses } }, config, now);
    assert.match(
      text,
      /^No site is live\.\nStopped: student1 \(student1\.example\.com\) since \d\d:\d\d\nStopped: student2 since \d\d:\d\d\nPaused: student3: Later\.$/,
    );
    assert.deepEqual(event['stopped'], [
      { user: 'student1', port: 3001, hostname: 'student1.example.com', since: now },
      { user: 'student2', port: null, hostname: null, since: now },
    ]);
    assert.equal((event['paused'] as unknown[]).length, 1);
  });

  it('says until when the class is closed', () => {
    const day = new Date(now).toDateString().slice(0, 3);
    const openingHours = [`${day} 00:00-00:01`];
    const { text, event } = describeList(emptyState, { ...config, openingHours }, now);
    assert.match(text, /Closed: everyone until [\d-]+ 00:00: The class is open /);
    assert.match(JSON.stringify(event['closed']), /"until":"2026-06-/);
  });

  it('--watch prints a line for each change, and ends by a signal', async function () {
    this.timeout(120_000);
    const classroom = await startClassroom();
    const { child, ended } = classroom.launch(['list', '--watch', '--json']);
    assert.ok(child.stdout);
    const lines = createInterface({ input: child.stdout });
    const next = async () => {
      const [line] = (await once(lines, 'line')) as [string];
      return (JSON.parse(line) as { publications: { url: string }[] }).publications.map(({ url }) => url);
    };
    assert.deepEqual(await next(), []);
    const second = next();
    await classroom.done(['publish', '-p', '3001']);
    assert.deepEqual(await second, ['https://student1.example.com']);
    const third = next();
    await classroom.done(['stop', 'student1']);
    assert.deepEqual(await third, []);
    child.kill('SIGTERM');
    assert.equal((await ended).code, 143);
  });
});
