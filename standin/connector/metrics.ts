// The local server of cloudflared (`--metrics`), by which programs on its machine see its state: /ready, /config, /diag/tunnel and
// /healthcheck (cloudflared's metrics/metrics.go, metrics/readiness.go, diagnostic/handlers.go). It asks for no token.
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { IngressRule, Tunnel } from '../world.ts';

/** cloudflared makes this many connections to the edge. */
const connectionCount = 4;

const defaultOriginRequest = {
  connectTimeout: 30,
  tlsTimeout: 10,
  tcpKeepAlive: 30,
  noHappyEyeballs: false,
  keepAliveTimeout: 90,
  keepAliveConnections: 100,
  httpHostHeader: '',
  originServerName: '',
  matchSNItoHost: false,
  caPool: '',
  noTLSVerify: false,
  disableChunkedEncoding: false,
  bastionMode: false,
  proxyAddress: '127.0.0.1',
  proxyPort: 0,
  proxyType: '',
  ipRules: null,
  http2Origin: false,
  access: { teamName: '', audTag: null },
};

/** A server that answers for the connector of this tunnel; let it listen only while the connector's process runs. */
export function createMetricsServer(tunnel: Tunnel): Server {
  return createServer((request, response) => {
    const { status = 200, body } = answerTo(tunnel, request.url ?? '/');
    // Go finds the type by looking at the body, and takes JSON for text.
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(body);
  });
}

function answerTo(tunnel: Tunnel, path: string): { status?: number; body: string } {
  switch (path) {
    case '/ready':
      return ready(tunnel);
    case '/config':
      return { body: JSON.stringify(versionedConfig(tunnel)) };
    case '/diag/tunnel':
      return { body: `${JSON.stringify(tunnelState(tunnel))}\n` };
    case '/healthcheck':
      return { body: 'OK\n' };
    default:
      return { status: 404, body: '404 page not found\n' };
  }
}

function ready({ connected, connector }: Tunnel) {
  const status = connected ? 200 : 503;
  const readyConnections = connected ? connectionCount : 0;
  return { status, body: JSON.stringify({ status, readyConnections, connectorId: connector.id }) };
}

/** The configuration in use, with every default written out. */
function versionedConfig({ connector: { version, config } }: Tunnel) {
  const shared = { ...defaultOriginRequest, ...config?.originRequest };
  const rules: IngressRule[] = config?.ingress ?? [{ service: 'http_status:503' }];
  const ingress = rules.map(({ hostname = '', path, service, originRequest }) => ({
    hostname,
    path: path === undefined || path === '' ? null : path,
    service,
    Handlers: null,
    originRequest: { ...shared, ...originRequest },
  }));
  const { enabled = false } = (config?.['warp-routing'] ?? {}) as { enabled?: boolean };
  return { version, config: { ingress, 'warp-routing': { enabled }, originRequest: shared } };
}

/** Go leaves out what is zero: the index of the first connection, and the protocol where it is http2. */
function tunnelState({ id, connected, connector }: Tunnel) {
  const indexes = connected ? Array.from({ length: connectionCount }, (_, index) => index) : [];
  const connections = indexes.map((index) => ({
    isConnected: true,
    ...(connector.protocol === 'quic' && { protocol: 1 }),
    edgeAddress: `198.51.100.${index + 1}`,
    ...(index > 0 && { index }),
  }));
  return {
    tunnelID: id,
    connectorID: connector.id,
    ...(connections.length > 0 && { connections }),
    icmp_sources: ['127.0.0.1', '::1'],
  };
}
