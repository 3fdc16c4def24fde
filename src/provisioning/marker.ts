// The marker in a DNS record's comment, by which our own records are known.

/** The user, port and machine that a record was made for. */
export interface Marker {
  readonly user: string;
  readonly port: number;
  readonly machine: string;
}

const word = 'classroom-tunnel';
/** Characters of a comment on a free zone (developers.cloudflare.com/dns/manage-dns-records/reference/record-attributes). */
const limit = 100;
const userLimit = 40;

/** For example `classroom-tunnel user=student1 port=3000 machine=server1`. Long names are cut, the machine's first. */
export function formatMarker({ user, port, machine }: Marker): string {
  const start = `${word} user=${markedUser(user)} port=${port} machine=`;
  return start + safeCharacters(machine).slice(0, limit - start.length);
}

/** Undefined if the comment is not one of ours. */
export function parseMarker(comment: unknown): Marker | undefined {
  if (typeof comment !== 'string') return undefined;
  const [, user, port, machine] = /^classroom-tunnel user=(\S+) port=(\d+) machine=(\S+)$/.exec(comment) ?? [];
  return user && machine ? { user, port: Number(port), machine } : undefined;
}

/** Whether the record belongs to `owner`, whatever its port. */
export function isMarkedBy(comment: unknown, owner: Marker): boolean {
  const marker = parseMarker(comment);
  return marker !== undefined && formatMarker({ ...owner, port: marker.port }) === comment;
}

/** Whether this machine made the record, for any user. Markers are compared instead of names, because a marker may hold a cut name. */
export function isMarkedOn(comment: unknown, machine: string): boolean {
  const marker = parseMarker(comment);
  return marker !== undefined && formatMarker({ ...marker, machine }) === comment;
}

/** Whether both names belong to one user: either may be the form that a marker holds. */
export function isSameUser(a: string, b: string): boolean {
  return markedUser(a) === markedUser(b);
}

/**
 * The form of a user name that a marker holds. A name that does not fit is cut and gets its hash, so that no two users look alike:
 * `max@school` becomes `max_school~5f0c1a2b`, which is not the user `max_school`. A name in that form stays as it is.
 */
function markedUser(user: string): string {
  const isMarked = /^[\w.-]{0,31}~[0-9a-f]{8}$/.test(user);
  const fits = safeCharacters(user) === user && user.length <= userLimit;
  return isMarked || fits ? user : `${safeCharacters(user).slice(0, userLimit - 9)}~${hash(user)}`;
}

function safeCharacters(text: string): string {
  return text.replace(/[^\w.-]/g, '_');
}

/** 32-bit FNV-1a as eight hexadecimal digits. node:crypto would take longer to load than a whole round takes to plan. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193);
  return (value >>> 0).toString(16).padStart(8, '0');
}
