import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { formerSites } from '../../src/cli/restore.ts';
import { closeAll, startClassroom } from '../fixtures/provisioning/classroom.ts';

const line = (fields: object) => JSON.stringify({ what: 'publish', created: true, ...fields });
const one = { hostname: 'student1.example.com', user: 'student1', port: 3001 };
const rule = ({ hostname, port }: typeof one) => ({ hostname, service: `http://localhost:${port}` });
const site = { ...one, machine: 'server1', service: 'http://localhost:3001' };

describe('restore: what is live goes in, who has left goes out', () => {
  afterEach(closeAll);

  it('knows by the audit log which rules were ours', () => {
    const restored = {
      ingress: [
        rule(one),
        { hostname: 'foreign.example.com', service: 'http://localhost:3002' },
        { service: 'http_status:404' },
      ],
    };
    const former = (lines: readonly string[], live: readonly (typeof site)[] = []) =>
      formerSites(lines, 'server1', restored, live);
    assert.deepEqual(former([line(one), line(one), '{"torn', line({ ...one, created: false })]), [site]);
    assert.deepEqual(former([line({ ...one, hostname: 'gone.example.com' }), line({ ...one, created: false })]), []);
    assert.deepEqual(former([line(one)], [site]), []);
    assert.deepEqual(former([line(one)], [{ ...site, hostname: 'renamed.example.com' }]), []);
  });

  it('puts an older configuration back and makes it true again, foreign rules included', async () => {
    const classroom = await startClassroom();
    const { world } = classroom.standIn;
    const foreign = {
      hostname: 'wiki.example.com',
      service: 'http://localhost:8080',
      originRequest: { noTLSVerify: true },
    };
    world.saveInDashboard((config) => ({ ...config, ingress: [foreign, ...config.ingress] }));
    await classroom.done(['publish', '-p', '3001'], { user: 'student1' });
    await classroom.done(['publish', '-p', '3002'], { user: 'student2' });
    await classroom.done(['unpublish', '-p', '3001'], { user: 'student1' }); // what is kept now has both
    const kept = readdirSync(classroom.in('configurations')).sort().at(-1)?.replace('.json', '') ?? '';
    await classroom.done(['publish', '-p', '3003'], { user: 'student3' });
    world.saveInDashboard((config) => ({ ...config, ingress: config.ingress.slice(-1) })); // somebody's mistake
    const last = await classroom.done(['restore', kept]);
    assert.deepEqual([last['event'], last['live']], ['restored', ['student2.example.com', 'student3.example.com']]);
    const rules = world.tunnel.config?.ingress ?? [];
    assert.deepEqual(rules.map(({ hostname }) => hostname).sort(), [
      'student2.example.com',
      'student3.example.com',
      'wiki.example.com',
      undefined,
    ]);
    assert.deepEqual(
      rules.find(({ hostname }) => hostname === 'wiki.example.com'),
      foreign,
    );
    assert.equal(rules.at(-1)?.hostname, undefined);
  });
});
