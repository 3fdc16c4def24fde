// The way from a visitor's browser to the dev server: HTTPS, the stand-in's edge, and the real relay between it and the server.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createServer } from 'node:tls';
import type { Server } from 'node:tls';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { startStandIn } from '../../demo/standIn/standIn.ts';
import { startRelay } from '../../src/relay/relayProcess.ts';
import type { RelayProcess } from '../../src/relay/relayProcess.ts';

/** A foreign name: dev servers trust every name under `.localhost`, so one of those would prove nothing. The browser is told where it is. */
export const PUBLIC_HOST = 'student1.example.com';

export interface Link {
  readonly url: string;
  /** Where cloudflared would find the relay. */
  readonly socket: string;
  readonly relay: RelayProcess;
  close(): Promise<void>;
}

/** A site that is live at its public name and whose server is not there yet. */
export async function openLink(): Promise<Link> {
  const folder = await mkdtemp(join(tmpdir(), 'link-'));
  const program = join(folder, 'relay.cjs');
  await build({ entryPoints: ['src/relay/main.ts'], outfile: program, bundle: true, platform: 'node', format: 'cjs' });
  const socket = join(folder, 'student1.sock');
  const config = { ingress: [{ hostname: PUBLIC_HOST, service: `unix:${socket}` }, { service: 'http_status:404' }] };
  const standIn = await startStandIn({ zoneName: 'example.com', config });
  standIn.addRecord({ type: 'CNAME', name: PUBLIC_HOST, content: `${standIn.tunnelId}.cfargotunnel.com`, proxied: true });
  const https = await serveHttps(folder, standIn.edgePort);
  const url = `https://${PUBLIC_HOST}:${(https.address() as AddressInfo).port}`;
  const { PATH } = process.env;
  const relay = await startRelay({ command: [process.execPath, program], socket, publicUrl: url, graceSeconds: 0, env: { PATH } });
  return {
    url, socket, relay,
    close: async () => {
      relay.end();
      await relay.exited;
      https.close();
      await standIn.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** What Cloudflare's edge does first: ends the encryption. The stand-in's edge has no certificates, so this stands before it. */
async function serveHttps(folder: string, edgePort: number): Promise<Server> {
  const key = join(folder, 'key.pem');
  const certificate = join(folder, 'certificate.pem');
  await promisify(execFile)('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', `/CN=${PUBLIC_HOST}`, '-keyout', key, '-out', certificate,
  ]);
  const server = createServer({ key: await readFile(key), cert: await readFile(certificate) }, (visitor) => {
    const edge = connect({ port: edgePort, host: '127.0.0.1', noDelay: true });
    for (const [from, to] of [[visitor, edge], [edge, visitor]] as const) void pipeline(from, to).catch(() => undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}
