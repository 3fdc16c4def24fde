// The students' ports: parsing them, and giving every student one.
import { FixableError } from '../../provisioning/errors.ts';
import { whyNot, type Asker } from './prompts.ts';

/** The ports of the students, by the keys of the configuration. */
export interface PortKeys {
  readonly ports?: Readonly<Record<string, number>>;
  readonly portRange?: readonly [number, number];
}

/** Every student of the group gets a port out of the range; ports that are given one by one are all that there are. */
export async function findPorts(
  asker: Asker,
  options: { readonly ports?: PortKeys; readonly portRange?: PortKeys },
  known: PortKeys,
  members: readonly string[],
): Promise<PortKeys> {
  const parse = (text: string) => (text.includes('=') ? parsePorts(text) : parsePortRange(text));
  const isKnown = known.ports !== undefined || known.portRange !== undefined;
  const given =
    (options.ports ?? options.portRange)
      ? { ...options.ports, ...options.portRange }
      : isKnown
        ? {}
        : parse(
            await asker.text({
              flag: '--ports or --port-range',
              message: 'Ports: a range that gives each student one, or one by one (student1=3001, student2=3002)',
              initial: defaultRange.join('-'),
              check: (text) => whyNot(() => parse(text)),
            }),
          );
  return assignPorts(known, given, members);
}

/** `student1=3001,student2=3002`. @throws Error whose message says what is wrong */
export function parsePorts(text: string): PortKeys {
  const ports: Record<string, number> = {};
  for (const part of text.split(/[,\s]+/).filter((one) => one !== '')) {
    const [, user, port] = /^([^=]+)=(\d+)$/.exec(part) ?? [];
    if (user === undefined || !isPort(Number(port))) throw new Error(`"${part}" is not USER=PORT`);
    if (Object.values(ports).includes(Number(port))) throw new Error(`the port ${Number(port)} is there twice`);
    ports[user] = Number(port);
  }
  if (Object.keys(ports).length === 0) throw new Error('no student is named');
  return { ports };
}

/** `3000-3099`. @throws Error whose message says what is wrong */
export function parsePortRange(text: string): PortKeys {
  const [, first, last] = /^\s*(\d+)\s*-\s*(\d+)\s*$/.exec(text) ?? [];
  const range = [Number(first), Number(last)] as const;
  if (!range.every(isPort) || range[0] > range[1]) throw new Error(`"${text}" is not FIRST-LAST, such as 3000-3099`);
  return { portRange: range };
}

const defaultRange = [3000, 3099] as const;

/**
 * Adds the given keys to the known ones. Where there is a range, every member without a port gets its lowest free one; nobody's
 * port changes. Pure.
 * @throws FixableError `setup-incomplete`
 */
export function assignPorts(known: PortKeys, given: PortKeys, members: readonly string[]): PortKeys {
  const portRange = given.portRange ?? known.portRange;
  const ports = new Map(Object.entries({ ...known.ports, ...given.ports }));
  const taken = new Set(ports.values());
  if (taken.size < ports.size) throw incomplete('Two students have the same port', '--ports USER=PORT');
  if (portRange) {
    let port = portRange[0];
    for (const member of members.filter((name) => !ports.has(name)).sort(byNumber.compare)) {
      while (taken.has(port)) port += 1;
      if (port > portRange[1])
        throw incomplete(`The ports ${portRange.join(' to ')} are not enough`, '--port-range FIRST-LAST');
      ports.set(member, port++);
    }
  }
  return { ...(ports.size > 0 ? { ports: Object.fromEntries(ports) } : {}), ...(portRange ? { portRange } : {}) };
}

/** student2 comes before student10. */
const byNumber = new Intl.Collator('en', { numeric: true });

function incomplete(problem: string, flag: string): FixableError {
  return new FixableError('setup-incomplete', { problem, flag });
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}
