// Terminates TLS in front of the stand-in's edge, which has no certificates, as Cloudflare's edge does.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';

/** Not `.localhost`, because dev servers accept every name under that. */
export const zone = 'example.com';
/** Makes the visitors' browser resolve that domain to this machine. */
export const resolverFlag = `--host-resolver-rules=MAP *.${zone} 127.0.0.1`;

export interface Https {
  readonly port: number;
  /** Sets the port of the stand-in's edge. Call it before the first visit. */
  leadTo(edgePort: number): void;
  close(): void;
}

/** @param folder where the key and the certificate are written; the caller removes it */
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
    `/CN=*.${zone}`,
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
