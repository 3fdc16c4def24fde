/** What Cloudflare has of the student, and what a visitor gets: looked up in the stand-in. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Classroom } from '../../demo/classroom.ts';
import { waitFor } from './waiting.ts';

export interface Published {
  readonly rule: boolean;
  readonly record: boolean;
}

/** Whether the student's hostname has a rule and a record. */
export function published({ standIn, hostname }: Classroom): Published {
  const rules = standIn.world.tunnel.config?.ingress ?? [];
  return {
    rule: rules.some((rule) => rule.hostname === hostname),
    record: standIn.world.zone.records.named(hostname).length > 0,
  };
}

/** Waits until rule and record are both there. */
export async function waitUntilPublished(classroom: Classroom): Promise<void> {
  await waitFor(() => {
    const { rule, record } = published(classroom);
    return rule && record;
  }, `a rule and a record for ${classroom.hostname}`);
}

/** Waits until neither is there. */
export async function waitUntilGone(classroom: Classroom, patienceMilliseconds?: number): Promise<void> {
  await waitFor(
    () => {
      const { rule, record } = published(classroom);
      return !rule && !record;
    },
    `the end of rule and record of ${classroom.hostname}`,
    patienceMilliseconds,
  );
}

/** Visits the student's site through the edge, as any browser anywhere would. */
export function visit({ standIn, hostname }: Classroom, path = '/'): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const visitor = request(
      {
        host: '127.0.0.1',
        port: standIn.edgePort,
        path,
        agent: false,
        headers: { host: `${hostname}:${standIn.edgePort}` },
      },
      (answer) => {
        text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body }), reject);
      },
    );
    visitor.once('error', reject).end();
  });
}
