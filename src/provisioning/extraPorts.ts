// Second sites of a student: a port beside the assigned one, at a hostname of its own. Pure.
import { dependsOnPort } from './hostname.ts';

/** The keys of the configuration that decide about second sites. */
export interface ExtraPortKeys {
  readonly hostname: string;
  readonly ports?: Readonly<Record<string, number>> | undefined;
  readonly extraPorts?: boolean | readonly [number, number] | undefined;
}

/** Ports below are for root alone. */
const firstPort = 1024;

/** The first and last port that a second site may have; undefined where the teacher allows none. */
export function extraRange({ extraPorts }: Pick<ExtraPortKeys, 'extraPorts'>): readonly [number, number] | undefined {
  return extraPorts === true ? [firstPort, 65_535] : extraPorts || undefined;
}

/** Whether this port would be a second site of the user: it is in the range, and assigned to nobody. */
export function isExtraPort(config: ExtraPortKeys, user: string, port: number): boolean {
  const [first = 0, last = -1] = extraRange(config) ?? [];
  const { ports = {} } = config;
  return port >= first && port <= last && Object.hasOwn(ports, user) && !Object.values(ports).includes(port);
}

/** The part of the hostname that stands for the user. A second site has its port there too, unless the template has it. */
export function labelAt(config: ExtraPortKeys, user: string, label: string, port: number): string {
  return isExtraPort(config, user, port) && !dependsOnPort(config.hostname) ? `${label}-${port}` : label;
}
