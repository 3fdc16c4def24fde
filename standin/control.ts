// The stand-in's own controls over HTTP, for tests and benchmarks in other processes:
//   POST /_stand-in/latency   {"roundTripMs": 200}
//   POST /_stand-in/faults    {"add": [{"kind": "drop", "method": "PUT"}], "clear": true}
//   POST /_stand-in/world     {"saveConfiguration": {"config": …}, "addRecords": […], "removeRecords": ["name"]}
//   POST /_stand-in/requests  {"clear": true}
// Each answers with the state after the change; an empty body only reads it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { checkedRecord, place } from './api/recordRules.ts';
import type { LoggedRequest } from './api/server.ts';
import type { Faults } from './faults.ts';
import type { TunnelConfig, World } from './world.ts';

export interface Controlled {
  world: World;
  faults: Faults;
  requests: LoggedRequest[];
  roundTripMs: number;
}

const fault = z.strictObject({
  kind: z.enum([
    'refuse',
    'drop',
    'hang-headers',
    'hang-body',
    'cut-body',
    'half-json',
    'status',
    'not-success',
    'html',
  ]),
  effect: z.boolean().optional(),
  status: z.int().optional(),
  code: z.int().optional(),
  message: z.string().optional(),
  retryAfterSeconds: z.int().optional(),
  method: z.string().optional(),
  path: z.string().optional(),
  pattern: z.string().optional(),
  nth: z.int().positive().optional(),
  always: z.boolean().optional(),
});
const config = z.custom<TunnelConfig>((value) => typeof value === 'object' && value !== null);

const bodies = {
  latency: z.strictObject({ roundTripMs: z.number().nonnegative().optional() }),
  faults: z.strictObject({ add: z.array(fault).default([]), clear: z.boolean().default(false) }),
  requests: z.strictObject({ clear: z.boolean().default(false) }),
  world: z.strictObject({
    saveConfiguration: z.strictObject({ tunnelId: z.string().optional(), config }).optional(),
    addRecords: z.array(z.looseObject({ name: z.string() })).default([]),
    removeRecords: z.array(z.string()).default([]),
  }),
};

/** Answers requests under /_stand-in; everything else is 404. */
export function createControl(
  controlled: Controlled,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const controls: Record<string, (body: unknown) => unknown> = {
    latency: (body) => setLatency(controlled, bodies.latency.parse(body)),
    faults: (body) => setFaults(controlled, bodies.faults.parse(body)),
    world: (body) => changeWorld(controlled.world, bodies.world.parse(body)),
    requests: (body) => showRequests(controlled, bodies.requests.parse(body)),
  };
  return async (request, response) => {
    const control = controls[/^\/_stand-in\/(\w+)$/.exec(request.url ?? '')?.[1] ?? ''];
    const body = await text(request);
    try {
      if (!control || request.method !== 'POST') answer(response, 404, { error: 'There is no such control.' });
      else if (!fromThisMachine(request)) answer(response, 403, { error: 'The controls answer on this machine only.' });
      else answer(response, 200, control(body === '' ? {} : JSON.parse(body)));
    } catch (error) {
      answer(response, 400, { error: error instanceof z.ZodError ? z.prettifyError(error) : String(error) });
    }
  };
}

function setLatency(controlled: Controlled, { roundTripMs }: z.infer<typeof bodies.latency>) {
  if (roundTripMs !== undefined) controlled.roundTripMs = roundTripMs;
  return { roundTripMs: controlled.roundTripMs };
}

function setFaults({ faults }: Controlled, { add, clear }: z.infer<typeof bodies.faults>) {
  if (clear) faults.clear();
  for (const each of add) faults.add(each);
  return { armed: faults.armed };
}

function changeWorld(world: World, { saveConfiguration, addRecords, removeRecords }: z.infer<typeof bodies.world>) {
  if (saveConfiguration) {
    const tunnel =
      saveConfiguration.tunnelId === undefined ? world.tunnel : world.tunnels.get(saveConfiguration.tunnelId);
    if (!tunnel) throw new Error(`There is no tunnel ${saveConfiguration.tunnelId ?? ''}.`);
    world.save(tunnel, saveConfiguration.config);
  }
  const { zone } = world;
  for (const name of removeRecords) for (const record of zone.records.named(name)) zone.records.delete(record.id);
  for (const fields of addRecords) place(checkedRecord(fields, zone, world.timestamp()), zone.records, zone.quota);
  return {
    accountId: world.accountId,
    tunnels: [...world.tunnels.values()],
    zones: [...world.zones.values()].map(({ id, name, quota, records }) => ({
      id,
      name,
      quota,
      records: records.all(),
    })),
  };
}

function showRequests({ requests }: Controlled, { clear }: z.infer<typeof bodies.requests>) {
  if (clear) requests.length = 0;
  return { total: requests.length, requests };
}

/** The socket is a loopback one, and the Host is too: no web page reached it under a name of its own. */
function fromThisMachine(request: IncomingMessage): boolean {
  const { hostname } = new URL(`http://${request.headers.host ?? ''}`);
  return isLoopback(request.socket.remoteAddress ?? '') && (hostname === 'localhost' || isLoopback(hostname));
}

function isLoopback(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '').replace(/^::ffff:/, '');
  return bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
