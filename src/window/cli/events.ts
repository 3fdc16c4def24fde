// Reads the lines that `classroom-tunnel … --json` prints, and checks every field. Pure.
import { readFacts, type Facts } from '../../messages/texts.ts';
import { isShieldPart } from '../../relay/shield.ts';
import type { ShieldPart } from '../../relay/shield.ts';
import type { Problem, Publication } from '../site/siteState.ts';

/** The configuration of this student; needs no network. */
export interface Info {
  readonly event: 'info';
  readonly user: string;
  readonly machine: string;
  /** The port that the configuration assigns to this student. */
  readonly port: number | null;
  readonly hostname: string | null;
  readonly url: string | null;
  readonly commands: readonly string[];
  readonly portVariable: string;
  /** The folder of this student's relay sockets. */
  readonly socketFolder: string | null;
  /** Relays of this class are reached at ports. */
  readonly usesRelayPorts?: boolean;
  /** The first and last port at which the student may have a second site, at a hostname of its own. */
  readonly extraPorts?: readonly [number, number];
  readonly publication: Publication | null;
  /** The user may call a teacher's commands. */
  readonly isTeacher?: boolean;
  /** `class`: visitors must know the passphrase. */
  readonly visibility: 'public' | 'class';
  /** `scrypt:SALT:HASH`; undefined while the class has none. */
  readonly passphraseHash?: string;
  /** The parts of the relay's shield that are switched off. */
  readonly allowForVisitors?: readonly ShieldPart[];
}
export interface Queued {
  readonly event: 'queued';
  readonly message?: string;
  /** Of the message, where it has one. */
  readonly code?: string;
  readonly facts?: Facts;
  readonly until?: string;
}
export interface Published extends Publication {
  readonly event: 'published';
  readonly created: boolean;
  readonly apiCalls: number;
  /** The connector carries no WebSocket to the relay's socket. */
  readonly needsRelayPort?: boolean;
}
export interface Removed {
  readonly event: 'removed';
  readonly removed: boolean;
  readonly message: string;
  readonly apiCalls: number;
}
export interface CliError extends Problem {
  readonly event: 'error';
  readonly exitCode: number;
  readonly retryAfterSeconds?: number;
}
/** The site is written at Cloudflare, and the connector does not have it yet. */
export interface Saved extends Publication {
  readonly event: 'saved';
}
export type CliOutcome = Info | Published | Removed | CliError;
export type CliEvent = CliOutcome | Queued | Saved | { readonly event: 'locked' };

/** The problem of an error. */
export function problemOf({ code, title, message, action, facts }: CliError): Problem {
  return { code, title, message, action, ...(facts && { facts }) };
}

/** @returns undefined if the line is not an event of the contract */
export function readEvent(line: string): CliEvent | undefined {
  const fields = parseObject(line);
  const name = fields?.['event'];
  return fields && typeof name === 'string' && Object.hasOwn(readers, name) ? readers[name]?.(fields) : undefined;
}

export const isOutcome = (event: CliEvent): event is CliOutcome =>
  event.event !== 'queued' && event.event !== 'locked' && event.event !== 'saved';

type Fields = Readonly<Record<string, unknown>>;

const readers: Readonly<Record<string, (fields: Fields) => CliEvent | undefined>> = {
  queued: (fields) => ({
    event: 'queued',
    ...text(fields, 'message'),
    ...text(fields, 'code'),
    ...text(fields, 'until'),
    ...factsOf(fields),
  }),
  locked: () => ({ event: 'locked' }),
  saved: (fields) => {
    const publication = readPublication(fields);
    return publication && { event: 'saved', ...publication };
  },
  published: (fields) => {
    const publication = readPublication(fields);
    return (
      publication && {
        event: 'published',
        ...publication,
        created: fields['created'] === true,
        apiCalls: count(fields['apiCalls']),
        ...(fields['needsRelayPort'] === true && { needsRelayPort: true }),
      }
    );
  },
  removed: (fields) => ({
    event: 'removed',
    removed: fields['removed'] === true,
    message: string(fields['message']),
    apiCalls: count(fields['apiCalls']),
  }),
  error: (fields) => ({
    event: 'error',
    code: string(fields['code']) || 'unknown',
    title: string(fields['title']) || 'The command failed',
    message: string(fields['message']),
    action: string(fields['action']),
    ...factsOf(fields),
    exitCode: count(fields['exitCode']) || 1,
    ...(typeof fields['retryAfterSeconds'] === 'number' && { retryAfterSeconds: fields['retryAfterSeconds'] }),
  }),
  info: (fields) => ({
    event: 'info',
    user: string(fields['user']),
    machine: string(fields['machine']),
    port: typeof fields['port'] === 'number' ? fields['port'] : null,
    hostname: string(fields['hostname']) || null,
    url: string(fields['url']) || null,
    commands: strings(fields['commands']),
    portVariable: string(fields['portVariable']) || 'PORT',
    socketFolder: string(fields['socketFolder']) || null,
    ...(fields['usesRelayPorts'] === true && { usesRelayPorts: true }),
    ...extraPorts(fields),
    ...(fields['isTeacher'] === true && { isTeacher: true }),
    visibility: fields['visibility'] === 'class' ? 'class' : 'public',
    ...text(fields, 'passphraseHash'),
    ...shieldPartsOf(strings(fields['allowForVisitors'])),
    publication: readPublication(fields['publication'] as Fields | null) ?? null,
  }),
};

function readPublication(fields: Fields | null | undefined): Publication | undefined {
  const { hostname, url, port } = fields ?? {};
  if (typeof hostname !== 'string' || typeof url !== 'string' || typeof port !== 'number') return undefined;
  return /^https?:\/\//.test(url) ? { hostname, url, port } : undefined;
}

const factsOf = ({ facts }: Fields) => facts !== undefined && { facts: readFacts(facts) };

function extraPorts({ extraPorts }: Fields): Pick<Info, 'extraPorts'> {
  if (!Array.isArray(extraPorts)) return {};
  const [first, last] = extraPorts as readonly unknown[];
  return typeof first === 'number' && typeof last === 'number' ? { extraPorts: [first, last] } : {};
}

const string = (value: unknown): string => (typeof value === 'string' ? value : '');
const count = (value: unknown): number => (typeof value === 'number' ? value : 0);
const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
const shieldPartsOf = (names: readonly string[]): Pick<Info, 'allowForVisitors'> =>
  names.length > 0 ? { allowForVisitors: names.filter(isShieldPart) } : {};
const text = <K extends string>(fields: Fields, key: K): { readonly [key in K]?: string } =>
  (typeof fields[key] === 'string' ? { [key]: fields[key] } : {}) as { readonly [key in K]?: string };

function parseObject(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}
