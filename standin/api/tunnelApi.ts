// Tunnels and their configuration: https://developers.cloudflare.com/api/resources/zero_trust/subresources/tunnels/
import type { Tunnel, World } from '../world.ts';
import { refuse, success } from './answers.ts';
import { isValid, whyInvalid } from './ingressRules.ts';
import type { Context, Route } from './routes.ts';

export interface TunnelApiOptions {
  /** The answer to GET for a tunnel that was never configured: 200 with `config: null, version: 0`, or 404 with code 1055. */
  unconfigured: 'null' | 'not-found';
}

const read = ['tunnel:read', 'tunnel:edit'] as const;
const edit = ['tunnel:edit'] as const;
const tunnels = '/accounts/:account/cfd_tunnel';

export function tunnelRoutes(options: TunnelApiOptions): Route[] {
  return [
    { method: 'GET', path: tunnels, scopes: read, handle: listTunnels },
    { method: 'POST', path: tunnels, scopes: edit, handle: createTunnel },
    {
      method: 'GET',
      path: `${tunnels}/:tunnel`,
      scopes: read,
      handle: (context) => success(shown(context.world, namedTunnel(context))),
    },
    { method: 'DELETE', path: `${tunnels}/:tunnel`, scopes: edit, handle: deleteTunnel },
    {
      method: 'GET',
      path: `${tunnels}/:tunnel/token`,
      scopes: read,
      handle: (context) => success(connectorToken(context.world, namedTunnel(context))),
    },
    {
      method: 'GET',
      path: `${tunnels}/:tunnel/configurations`,
      scopes: read,
      handle: (context) => getConfiguration(context, options),
    },
    { method: 'PUT', path: `${tunnels}/:tunnel/configurations`, scopes: edit, handle: putConfiguration },
  ];
}

function deleteTunnel(context: Context) {
  const tunnel = namedTunnel(context);
  tunnel.connector.stop();
  context.world.tunnels.delete(tunnel.id);
  return success(shown(context.world, tunnel));
}

function getConfiguration(context: Context, options: TunnelApiOptions) {
  const tunnel = namedTunnel(context);
  if (tunnel.version === 0 && options.unconfigured === 'not-found') throw refuse.noConfiguration();
  return success(configurationOf(context.world, tunnel));
}

/** Replaces everything. No call can name the version that it read: the last writer wins, and everything it left out is gone. */
function putConfiguration(context: Context) {
  const tunnel = namedTunnel(context);
  const config = (context.call.body as { config?: unknown } | undefined)?.config;
  if (!isValid(config)) throw refuse.badConfiguration(whyInvalid(config) ?? '');
  context.world.save(tunnel, config);
  return success(configurationOf(context.world, tunnel));
}

function listTunnels(context: Context) {
  inAccount(context);
  const { query } = context.call;
  const name = query.get('name');
  const page = Number(query.get('page') ?? 1);
  const perPage = Number(query.get('per_page') ?? 20);
  const deleted = query.get('is_deleted') === 'true'; // no tunnel is ever deleted here
  const matching = [...context.world.tunnels.values()].filter(
    (tunnel) => !deleted && (name === null || tunnel.name === name),
  );
  const shownTunnels = matching
    .slice((page - 1) * perPage, page * perPage)
    .map((tunnel) => shown(context.world, tunnel));
  const info = { page, per_page: perPage, count: shownTunnels.length, total_count: matching.length };
  return success(shownTunnels, { result_info: info });
}

function createTunnel(context: Context) {
  inAccount(context);
  const {
    name,
    config_src: source = 'local',
    tunnel_secret: secret,
  } = (context.call.body ?? {}) as Record<string, unknown>;
  if (typeof name !== 'string' || name === '') throw refuse.badParameter('Tunnel name is required');
  if (source !== 'local' && source !== 'cloudflare')
    throw refuse.badParameter('config_src must be "local" or "cloudflare"');
  const { world } = context;
  if ([...world.tunnels.values()].some((tunnel) => tunnel.name === name)) throw refuse.tunnelNameTaken();
  const tunnel = world.addTunnel({ name, source, connected: false, ...(typeof secret === 'string' && { secret }) });
  return success({ ...shown(world, tunnel), token: connectorToken(world, tunnel) });
}

function inAccount({ world, call, parameter }: Context): void {
  if (parameter('account') !== world.accountId) throw refuse.noRoute(call.path);
}

function namedTunnel(context: Context): Tunnel {
  inAccount(context);
  const id = context.parameter('tunnel');
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) throw refuse.noRoute(context.call.path);
  const tunnel = context.world.tunnels.get(id);
  if (!tunnel) throw refuse.unknownTunnel();
  return tunnel;
}

function configurationOf(world: World, tunnel: Tunnel) {
  return {
    account_id: world.accountId,
    tunnel_id: tunnel.id,
    version: tunnel.version,
    config: tunnel.config,
    source: tunnel.source,
    created_at: tunnel.savedAt,
  };
}

function shown(world: World, tunnel: Tunnel) {
  return {
    id: tunnel.id,
    account_tag: world.accountId,
    created_at: tunnel.createdAt,
    deleted_at: null,
    name: tunnel.name,
    connections: [],
    tun_type: 'cfd_tunnel',
    metadata: {},
    status: tunnel.connected ? 'healthy' : 'inactive',
    remote_config: tunnel.source === 'cloudflare',
    config_src: tunnel.source,
  };
}

/** The token for `cloudflared tunnel run --token`. */
function connectorToken(world: World, tunnel: Tunnel): string {
  return Buffer.from(JSON.stringify({ a: world.accountId, t: tunnel.id, s: tunnel.secret })).toString('base64');
}
