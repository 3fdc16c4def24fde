// What Cloudflare's edge does first: it ends the encryption. The stand-in's edge has no certificates, so this stands before it.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';

/** A foreign domain: dev servers trust every name under `.localhost`, so one of those would prove nothing. */
export const ZONE = 'example.com';
/** Tells the visitors' browser where that domain is. */
export const RESOLVE = `--host-resolver-rules=MAP *.${ZONE} 127.0.0.1`;

export interface Https {
  readonly port: number;
  /** Where the stand-in's edge is; nobody visits before. */
  leadTo(edgePort: number): void;
  close(): void;
}

/** @param folder takes the key and the certificate; whoever made it removes it */
export async function serveHttps(folder: string): Promise<Https> {
  const key = join(folder, 'key.pem');
  const certificate = join(folder, 'certificate.pem');
  await promisify(execFile)('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    `/CN=*.${ZONE}`,
    '-keyout',
    key,
    '-out',
    certificate,
  ]);
  let edgePort = 0;
  const server = createServer({ key: await readFile(key), cert: await readFile(certificate) }, (visitor) => {
    const edge = connect({ port: edgePort, host: '127.0.0.1', noDelay: true });
    for (const [from, to] of [
      [visitor, edge],
      [edge, visitor],
    ] as const)
      void pipeline(from, to).catch(() => undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    leadTo: (port) => {
      edgePort = port;
    },
    close: () => void server.close(),
  };
}
