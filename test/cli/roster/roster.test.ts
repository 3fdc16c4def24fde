import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { closeAll, startClassroom, type Classroom } from '../../fixtures/provisioning/classroom.ts';

const configOf = ({ configFile }: Classroom) => JSON.parse(readFileSync(configFile, 'utf8')) as Record<string, unknown>;

describe('command: roster', function () {
  this.timeout(120_000);
  afterEach(closeAll);

  it('imports a class, gives everyone a site of their own, and takes the site of one who leaves down', async () => {
    const classroom = await startClassroom({ config: { portRange: [3001, 3009] } });
    classroom.standIn.addRecord({ type: 'A', name: 'blog.example.com', content: '192.0.2.1' });
    const file = path.join(classroom.folder, 'class.csv');
    writeFileSync(file, 'Username,Name\nmax.muster,Max\nmax_muster,Moritz\nblog,Bo Berg\n');
    const shown = await classroom.run(['roster', 'import', file, '--dry-run']);
    assert.equal(shown.err, '');
    assert.match(shown.out, /Would be added: max\.muster, max_muster, blog\./);
    assert.equal(configOf(classroom)['labels'], undefined);
    const { students } = await classroom.done(['roster', 'import', file]);
    assert.deepEqual(
      (students as { port: number; hostname: string; name: string }[]).map(({ port, hostname }) => [port, hostname]),
      [
        [3001, 'max-muster.example.com'],
        [3002, 'moritz.example.com'],
        [3003, 'bo-berg.example.com'],
      ],
    );
    const published = await classroom.done(['publish', '-p', '3002'], { user: 'max_muster' });
    assert.equal(published['hostname'], 'moritz.example.com');
    const removed = await classroom.done(['roster', 'remove', 'max_muster']);
    assert.deepEqual([removed['event'], removed['removed']], ['roster', ['max_muster']]);
    assert.doesNotMatch(JSON.stringify(classroom.standIn.world.tunnel.config), /moritz/);
    assert.deepEqual(configOf(classroom)['formerPorts'], { max_muster: 3002 });
    assert.equal((await classroom.run(['roster', 'remove', 'nobody'])).code, 1);
  });

  it('refuses an account or a group that is not there, and a file', async () => {
    const classroom = await startClassroom({ config: { allowUserOverride: false } });
    const { code, err } = await classroom.run(['roster', 'add', 'no-such-account']);
    assert.deepEqual([code, /There is no account no-such-account/.test(err)], [1, true]);
    assert.equal((await classroom.run(['roster', 'sync', '--group', 'no-such-group'])).code, 2);
    assert.equal((await classroom.run(['roster', 'import', '/no/such/file'])).code, 2);
  });
});
