/** Reads from the stand-in what Cloudflare holds for the student and what a visitor gets. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Classroom } from '../../demo/classroom.ts';
import { waitFor } from './waiting.ts';

export interface Published {
  readonly rule: boolean;
  readonly record: boolean;
}

/** Tells whether the student's hostname has an ingress rule and a DNS record. */
export function published({ standIn, hostname }: Classroom): Published {
  const rules = standIn.world.tunnel.config?.ingress ?? [];
  return {
    rule: rules.some((rule) => rule.hostname === hostname),
    record: standIn.world.zone.records.named(hostname).length > 0,
  };
}

/** Removes the rule and the record of the student's hostname, as somebody does in Cloudflare's dashboard. */
export function removeAtCloudflare({ standIn: { world }, hostname }: Classroom): void {
  const { tunnel, zone } = world;
  const { config } = tunnel;
  if (config) world.save(tunnel, { ...config, ingress: config.ingress.filter((rule) => rule.hostname !== hostname) });
  for (const { id } of zone.records.named(hostname)) zone.records.delete(id);
}

/** Waits until the rule and the record both exist. */
export async function waitUntilPublished(classroom: Classroom): Promise<void> {
  await waitFor(() => {
    const { rule, record } = published(classroom);
    return rule && record;
  }, `a rule and a record for ${classroom.hostname}`);
}

/** Waits until the rule is gone. The record outlives it, so that no resolver learns that there is no such name. */
export async function waitUntilGone(classroom: Classroom, patienceMilliseconds?: number): Promise<void> {
  await waitFor(() => !published(classroom).rule, `the end of the rule of ${classroom.hostname}`, patienceMilliseconds);
}

/** Requests the student's site through the edge, as a visitor's browser does. */
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
