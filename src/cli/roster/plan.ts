// The roster: which students the class has, with port and label. Pure.
import { chooseLabel, hostnameFor, reservedLabels, type Student, type Template } from './labels.ts';

/** The keys of the configuration that make the roster. */
export interface Roster {
  readonly ports: Readonly<Record<string, number>>;
  readonly portRange?: readonly [number, number];
  /** Of students whose label is not their account's name. */
  readonly labels: Readonly<Record<string, string>>;
  /** Display names. */
  readonly names: Readonly<Record<string, string>>;
  /** The ports of students who left. */
  readonly formerPorts: Readonly<Record<string, number>>;
}

export interface Entry {
  readonly user: string;
  readonly port: number;
  readonly label: string;
  readonly hostname: string;
  readonly name: string | undefined;
}

export interface Change {
  readonly roster: Roster;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Sentences. */
  readonly problems: readonly string[];
}

const defaultRange = [3000, 3099] as const;

/** The students in the order of their ports. */
export function entriesOf({ ports, labels, names }: Roster, template: Template): Entry[] {
  return Object.entries(ports)
    .sort(([, a], [, b]) => a - b)
    .map(([user, port]) => {
      const label = labels[user] ?? user;
      return { user, port, label, hostname: hostnameFor(template, label), name: names[user] };
    });
}

/**
 * Adds students. Nobody's port or label changes; a student who comes back gets the old port.
 * @param reserved hostnames that others have in the zone
 */
export function withStudents(
  roster: Roster,
  students: readonly Student[],
  template: Template,
  reserved: ReadonlySet<string>,
): Change {
  const [ports, labels, names, formerPorts] = [
    new Map(Object.entries(roster.ports)),
    new Map(Object.entries(roster.labels)),
    new Map(Object.entries(roster.names)),
    new Map(Object.entries(roster.formerPorts)),
  ];
  const hostnames = new Set(entriesOf(roster, template).map(({ hostname }) => hostname));
  const added: string[] = [];
  const problems: string[] = [];
  for (const student of students) {
    const { user, name } = student;
    if (name !== undefined) names.set(user, name);
    if (ports.has(user)) continue;
    const port = choosePort(user, ports, formerPorts, roster.portRange ?? defaultRange);
    if (port === undefined) {
      problems.push(`There is no free port for ${user}: extend \`portRange\`.`);
      continue;
    }
    const label = chooseLabel(student, template, (wanted) => isFree(wanted, template, hostnames, reserved));
    if (hostnameFor(template, label) !== naturalHostname(template, user)) labels.set(user, label);
    hostnames.add(hostnameFor(template, label));
    ports.set(user, port);
    formerPorts.delete(user);
    added.push(user);
  }
  return { roster: rosterOf(roster, { ports, labels, names, formerPorts }), added, removed: [], problems };
}

/** Removes students; their ports are not given to others while there are free ones. */
export function withoutStudents(roster: Roster, users: readonly string[]): Change {
  const removed = users.filter((user) => Object.hasOwn(roster.ports, user));
  const isLeft = ([user]: readonly [string, unknown]) => !removed.includes(user);
  const kept = <T>(map: Readonly<Record<string, T>>) => new Map(Object.entries(map).filter(isLeft));
  const former = Object.entries(roster.ports).filter(([user]) => removed.includes(user));
  return {
    roster: rosterOf(roster, {
      ports: kept(roster.ports),
      labels: kept(roster.labels),
      names: kept(roster.names),
      formerPorts: new Map([...Object.entries(roster.formerPorts), ...former]),
    }),
    added: [],
    removed,
    problems: users.filter((user) => !removed.includes(user)).map((user) => `${user} is not on the roster.`),
  };
}

function choosePort(
  user: string,
  ports: ReadonlyMap<string, number>,
  formerPorts: ReadonlyMap<string, number>,
  [first, last]: readonly [number, number],
): number | undefined {
  const taken = new Set(ports.values());
  const own = formerPorts.get(user);
  if (own !== undefined && !taken.has(own)) return own;
  const former = new Set(formerPorts.values());
  const free = Array.from({ length: last - first + 1 }, (_, index) => first + index).filter((port) => !taken.has(port));
  return free.find((port) => !former.has(port)) ?? free[0];
}

function isFree(
  label: string,
  template: Template,
  hostnames: ReadonlySet<string>,
  reserved: ReadonlySet<string>,
): boolean {
  const hostname = hostnameFor(template, label);
  const isReserved = reservedLabels.has(hostname.split('.')[0] ?? '') || reserved.has(hostname);
  // A student's second site has the label and the port.
  const [, before] = template.extraPorts ? (/^(.+)-\d{1,5}$/.exec(label) ?? []) : [];
  if (before !== undefined && hostnames.has(hostnameFor(template, before))) return false;
  // Without {user} in the template, only the port tells the students' hostnames apart.
  return !isReserved && (!hostnames.has(hostname) || !template.hostname.includes('{user}'));
}

/** The hostname of a student without an entry in `labels`; undefined where the account's name gives none. */
function naturalHostname(template: Template, user: string): string | undefined {
  try {
    return hostnameFor(template, user);
  } catch {
    return undefined;
  }
}

function rosterOf(
  { portRange }: Roster,
  maps: { readonly [K in 'ports' | 'labels' | 'names' | 'formerPorts']: ReadonlyMap<string, Roster[K][string]> },
): Roster {
  const { ports, labels, names, formerPorts } = maps;
  return {
    ports: Object.fromEntries(ports),
    labels: Object.fromEntries(labels),
    names: Object.fromEntries(names),
    formerPorts: Object.fromEntries(formerPorts),
    ...(portRange && { portRange }),
  };
}
