import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { listeners } from '../../src/shell/listeners.ts';
import { closeAll } from '../fixtures/provisioning/classroom.ts';
import { assertLive } from '../fixtures/provisioning/remote.ts';
import { as, serviceUid, startService } from '../fixtures/provisioning/service.ts';
import { skip } from '../fixtures/skip.ts';
import { STRESS_LIMIT, times } from '../fixtures/stress.ts';

/** Milliseconds of a request in which each gets a signal. */
const span = 200;
/** Of node's inspector. */
const inspectorPort = 9229;
const signals = Object.keys(constants.signals) as NodeJS.Signals[];
const student1 = { through: as('student1') };
const student2 = { through: as('student2') };

describe('signals in the first 200 ms of a request', function () {
  this.timeout(STRESS_LIMIT);
  before(function () {
    if (process.getuid?.() !== 0) skip(this, 'needs root');
    if (!existsSync('/usr/bin/unixserver')) skip(this, 'needs unixserver');
  });
  afterEach(closeAll);

  it('open no inspector, and stop no other student', async () => {
    // A client may open its own while node starts: it runs as the student, who could debug it anyway, and has no token.
    const opened = (): boolean => listeners().some(({ port, uid }) => port === inspectorPort && uid === serviceUid);
    const classroom = await startService();
    const count = times(span / 2);
    const publish = ['publish', '--holder', 'a', '--verify', '--json', '-p'];
    assert.equal((await classroom.run([...publish, '23000'], student2)).code, 0);
    for (let index = 0; index < count; index += 1) {
      const signal = signals[(index * 7) % signals.length] ?? 'SIGUSR1';
      const moment = index * (span / count);
      const client = classroom.launch([...publish, '23001'], student1);
      await once(client.child, 'spawn');
      await Promise.race([pause(moment), client.ended]);
      client.child.kill(signal);
      assert.ok(!opened(), `${signal} after ${moment} ms`);
      if (index % 5 === 0) {
        const next = await classroom.run([...publish, '23000'], student2);
        assert.deepEqual([next.code, next.last['created']], [0, false], `${signal} after ${moment} ms: ${next.out}`);
        classroom.refillBudget();
      }
      client.child.kill('SIGKILL');
      await client.ended;
    }
    assert.equal((await classroom.run(['unpublish', '-p', '23001'], student1)).code, 0);
    assertLive(classroom.standIn, ['student2']);
  });
});
