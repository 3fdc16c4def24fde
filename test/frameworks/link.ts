// The way from a visitor's browser to the dev server: the stand-in's edge, and the real relay between it and the server.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { startStandIn } from '../../demo/standIn/standIn.ts';
import { startRelay } from '../../src/relay/relayProcess.ts';
import type { RelayProcess } from '../../src/relay/relayProcess.ts';

export interface Link {
  readonly url: string;
  readonly relay: RelayProcess;
  close(): Promise<void>;
}

/** A site that is live at its public name and whose server is not there yet. */
export async function openLink(): Promise<Link> {
  const folder = await mkdtemp(join(tmpdir(), 'link-'));
  const program = join(folder, 'relay.cjs');
  await build({ entryPoints: ['src/relay/main.ts'], outfile: program, bundle: true, platform: 'node', format: 'cjs' });
  const socket = join(folder, 'student1.sock');
  const standIn = await startStandIn({ config: { ingress: [{ hostname: 'student1.localhost', service: `unix:${socket}` }, { service: 'http_status:404' }] } });
  standIn.addRecord({ type: 'CNAME', name: 'student1.localhost', content: `${standIn.tunnelId}.cfargotunnel.com`, proxied: true });
  const url = `http://student1.localhost:${standIn.edgePort}`;
  const { PATH } = process.env;
  const relay = await startRelay({ command: [process.execPath, program], socket, publicUrl: url, graceSeconds: 0, env: { PATH } });
  return {
    url, relay,
    close: async () => {
      relay.end();
      await relay.exited;
      await standIn.close();
      await rm(folder, { recursive: true });
    },
  };
}
