/** What a DNS record's `comment` says of who made it; the only thing by which we know our own records. */
export interface Marker {
  readonly user: string;
  readonly port: number;
  readonly machine: string;
}

const word = 'classroom-tunnel';
/** A comment has at most 100 characters on a free zone (FACTS: Cloudflare's documentation). */
const limit = 100;

/** `classroom-tunnel user=student1 port=3000 machine=server1`; over-long names are cut, the user's last. */
export function formatMarker({ user, port, machine }: Marker): string {
  const start = `${word} user=${encode(user).slice(0, 40)} port=${port} machine=`;
  return start + encode(machine).slice(0, limit - start.length);
}

/** Undefined where the comment is not one of ours. */
export function parseMarker(comment: unknown): Marker | undefined {
  if (typeof comment !== 'string') return undefined;
  const [, user, port, machine] = /^classroom-tunnel user=(\S+) port=(\d+) machine=(\S+)$/.exec(comment) ?? [];
  return user && machine ? { user, port: Number(port), machine } : undefined;
}

/** Is this record's marker the one that `owner` would have written? The port may have changed since. */
export function isMarkedBy(comment: unknown, owner: Marker): boolean {
  const marker = parseMarker(comment);
  return marker !== undefined && formatMarker({ ...owner, port: marker.port }) === comment;
}

/** Was this record made by this machine, for whomever? A marker holds names only as far as they fit, so it is never compared with a name itself. */
export function isMarkedOn(comment: unknown, machine: string): boolean {
  const marker = parseMarker(comment);
  return marker !== undefined && formatMarker({ ...marker, machine }) === comment;
}

function encode(text: string): string {
  return text.replace(/[^\w.-]/g, '_');
}
