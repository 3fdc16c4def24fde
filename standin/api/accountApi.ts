// The read-only calls: whether a token is valid, and which zones there are.
import type { Zone } from '../world.ts';
import { refuse, success } from './answers.ts';
import type { Context, Route } from './routes.ts';

export const accountRoutes: Route[] = [
  { method: 'GET', path: '/user/tokens/verify', scopes: [], handle: (context) => verifyToken(context, 'user') },
  {
    method: 'GET',
    path: '/accounts/:account/tokens/verify',
    scopes: [],
    handle: (context) => verifyToken(context, 'account'),
  },
  { method: 'GET', path: '/zones', scopes: ['zone:read'], handle: listZones },
  {
    method: 'GET',
    path: '/zones/:zone',
    scopes: ['zone:read'],
    handle: (context) => success(shown(context, namedZone(context))),
  },
  {
    method: 'GET',
    path: '/zones/:zone/settings/:setting',
    scopes: ['settings:read'],
    handle: (context) => {
      const id = context.parameter('setting');
      const { emailObfuscation, settings } = namedZone(context);
      const value = id === 'email_obfuscation' ? (emailObfuscation ? 'on' : 'off') : settings[id];
      if (value === undefined) throw refuse.noRoute(context.call.path);
      return success({ id, value, editable: true, modified_on: null });
    },
  },
  {
    method: 'GET',
    path: '/zones/:zone/ssl/certificate_packs',
    scopes: ['ssl:read'],
    handle: (context) => {
      const { id, certificate } = namedZone(context);
      return success([{ id, type: 'universal', certificates: [], ...certificate }]);
    },
  },
  {
    method: 'GET',
    path: '/zones/:zone/bot_management',
    scopes: ['bots:read'],
    handle: (context) => success({ enable_js: false, fight_mode: namedZone(context).fightMode }),
  },
];

/** Returns the zone of a call's path; throws the refusal of the real API if there is none. */
export function namedZone({ world, call, parameter }: Context): Zone {
  const id = parameter('zone');
  if (!/^[0-9a-f]{32}$/.test(id)) throw refuse.noRoute(call.path);
  const zone = world.zones.get(id);
  if (!zone) throw refuse.unknownZone();
  return zone;
}

/** Says that the token is known and active, and nothing about its permissions. */
function verifyToken(context: Context, owner: 'user' | 'account') {
  const { token, world, call, parameter } = context;
  if (owner === 'account' && parameter('account') !== world.accountId) throw refuse.noRoute(call.path);
  if (token.owner !== owner) throw refuse.unverifiedToken();
  const message = { code: 10000, message: 'This API Token is valid and active', type: null };
  return success({ id: token.id, status: token.status }, { messages: token.status === 'active' ? [message] : [] });
}

function listZones(context: Context) {
  const name = context.call.query.get('name');
  const zones = [...context.world.zones.values()]
    .filter((zone) => name === null || zone.name === name)
    .map((zone) => shown(context, zone));
  return success(zones, {
    result_info: { page: 1, per_page: 20, total_pages: 1, count: zones.length, total_count: zones.length },
  });
}

function shown({ world }: Context, zone: Zone) {
  const account = { id: world.accountId, name: 'Classroom' };
  return {
    id: zone.id,
    name: zone.name,
    status: 'active',
    paused: false,
    type: 'full',
    account,
    plan: { legacy_id: 'free', name: 'Free Website' },
  };
}
