// `npm run test:cloudflare`: tries everything on the real Cloudflare, with an account's token, a zone, and cloudflared on the PATH.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';
import { connectorAnswers } from '../../src/cli/connectorCheck.ts';
import { configDefaults } from '../../src/provisioning/config.ts';
import { waitFor } from '../code-server/waiting.ts';
import { tryOut } from './tryOut.ts';

const metrics = '127.0.0.1:20299';
const {
  CLOUDFLARE_API_TOKEN: token,
  CLOUDFLARE_ACCOUNT_ID: accountId,
  CLOUDFLARE_ZONE_ID: zoneId,
  PATH = '',
} = process.env;
const zoneName = process.env['CLOUDFLARE_ZONE'];
const hasCloudflared = PATH.split(delimiter).some((folder) => existsSync(join(folder, 'cloudflared')));

if (!token || !accountId || !zoneId || !zoneName || !hasCloudflared) {
  console.log(
    'test:cloudflare needs CLOUDFLARE_API_TOKEN, CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_ZONE_ID, CLOUDFLARE_ZONE (the domain) and cloudflared on the PATH.',
  );
} else {
  await tryOut({
    apiBaseUrl: configDefaults.apiBaseUrl,
    token,
    accountId,
    zoneId,
    zoneName,
    publicUrl: 'https://{hostname}',
    command: 'dist/cli.js',
    relay: 'dist/relay.cjs',
    startConnector,
    print: (line) => {
      console.log(line);
    },
  });
}

async function startConnector(tunnelId: string, secret: string): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'cloudflared-'));
  await writeFile(join(folder, 'token'), secret, { mode: 0o600 });
  const args = ['tunnel', '--no-autoupdate', '--metrics', metrics, 'run', '--token-file', join(folder, 'token')];
  const child = spawn('cloudflared', args, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const url = `http://${metrics}`;
  await waitFor(async () => {
    const answers = await connectorAnswers({ tunnelId: '', connectorUrl: url });
    return answers?.tunnel?.id === tunnelId && answers.connections;
  }, 'the connector to be connected');
  return {
    url,
    stop: async () => {
      child.kill();
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}
