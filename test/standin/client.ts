// Starts a stand-in for one test, and calls its API over HTTP as any program would.
import assert from 'node:assert/strict';
import { startStandIn } from '../../standin/standIn.ts';
import type { StandIn, StandInOptions } from '../../standin/standIn.ts';

export interface Reply<T = unknown> {
  status: number;
  headers: Headers;
  success: boolean;
  errors: { code: number; message: string; error_chain?: { code: number; message: string }[] }[];
  result: T;
  result_info?: Record<string, number>;
}

export interface Client {
  standIn: StandIn;
  configurations: string;
  records: string;
  call: <T = unknown>(method: string, path: string, body?: unknown, token?: string | null) => Promise<Reply<T>>;
}

const running: StandIn[] = [];

/** Starts a stand-in, and returns a caller for it; `stopAll` ends it. */
export async function start(options: StandInOptions = {}): Promise<Client> {
  const standIn = await startStandIn(options);
  running.push(standIn);
  const { apiUrl, accountId, tunnelId, zoneId } = standIn;
  return {
    standIn,
    configurations: `/accounts/${accountId}/cfd_tunnel/${tunnelId}/configurations`,
    records: `/zones/${zoneId}/dns_records`,
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows the type of the answer
    call: async <T>(method: string, path: string, body?: unknown, token: string | null = standIn.token) => {
      const response = await fetch(apiUrl + path, {
        method,
        headers: { 'content-type': 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }) },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(10_000),
      });
      return {
        status: response.status,
        headers: response.headers,
        ...((await response.json()) as Omit<Reply<T>, 'status' | 'headers'>),
      };
    },
  };
}

/** For `afterEach`. */
export async function stopAll(): Promise<void> {
  await Promise.all(running.splice(0).map((standIn) => standIn.close()));
}

/** Asserts that a reply is a refusal with this status and code; the code may be that of the cause in its chain. */
export function assertRefused(reply: Reply, status: number, code: number): void {
  const [error] = reply.errors;
  assert.equal(reply.success, false);
  assert.equal(reply.result, null);
  assert.deepEqual([reply.status, error?.error_chain?.[0]?.code ?? error?.code], [status, code], error?.message);
}

/** The fields of a student's record, as the program makes them. */
export function studentRecord({ standIn }: Client, name: string): Record<string, unknown> {
  return {
    type: 'CNAME',
    name,
    content: `${standIn.tunnelId}.cfargotunnel.com`,
    proxied: true,
    ttl: 1,
    comment: 'classroom-tunnel student1',
  };
}
