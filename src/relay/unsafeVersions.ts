// Installed dev servers whose versions have published security holes that a visitor can use.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DevServerName } from './devServers.ts';

interface Package {
  readonly name: string;
  /** The dev servers that run it. */
  readonly servers: readonly DevServerName[];
  /**
   * The first version without known holes of each major version that was repaired, in ascending order. Every version of an older
   * major version has holes; newer ones have none that are known here.
   */
  readonly fixed: readonly string[];
  /** Only the project's own package.json can choose another version. */
  readonly ownOnly?: true;
}

const packages: readonly Package[] = [
  // Astro, GHSA-26w7-cxv4-gfx2
  { name: 'astro', servers: ['Astro'], fixed: ['7.2.8'] },
  // CVE-2025-24360, -24361
  { name: 'nuxt', servers: ['Nuxt'], fixed: ['3.15.13'] },
  // CVE-2025-30208, -31125, -31486, -32395, -46565, -58751, -58752; from 6 on CVE-2026-39363 too
  { name: 'vite', servers: ['Vite', 'Astro', 'Nuxt', 'React Router'], fixed: ['5.4.21', '6.4.2', '7.3.2', '8.0.5'] },
  // CVE-2025-29927, CVE-2025-66478, CVE-2026-44578
  { name: 'next', servers: ['Next.js'], fixed: ['15.5.18', '16.2.6'] },
  // CVE-2025-30359, -30360, CVE-2026-9595
  { name: 'webpack-dev-server', servers: ['webpack-dev-server'], fixed: ['5.2.5'], ownOnly: true },
];

export interface UnsafeVersion {
  readonly name: string;
  readonly version: string;
  /** The command that installs a version without known holes. */
  readonly fix: string;
}

/**
 * Reads the installed versions.
 * @param folder the working folder of the server, as an absolute path
 * @returns the first package of this server whose version has known holes; undefined if there is none
 */
export function findUnsafeVersion(server: DevServerName | undefined, folder: string): UnsafeVersion | undefined {
  for (const { name, servers, fixed, ownOnly } of packages) {
    if (server === undefined || !servers.includes(server)) continue;
    const version = field(findAbove(folder, `node_modules/${name}/package.json`), 'version');
    if (typeof version !== 'string' || !isUnsafe(version, fixed)) continue;
    const isOwn = dependsOn(findAbove(folder, 'package.json'), name);
    if (isOwn || !ownOnly) return { name, version, fix: fixCommand(folder, name, isOwn, nextMajor(version, fixed)) };
  }
  return undefined;
}

/** Whether a version precedes the repaired one of its major version. Pre-releases precede their release. */
export function isUnsafe(version: string, fixed: readonly string[]): boolean {
  const [major = 0] = numbersOf(version);
  const repaired = fixed.find((one) => numbersOf(one)[0] === major);
  return repaired === undefined ? major < (numbersOf(fixed[0] ?? '')[0] ?? 0) : isBefore(version, repaired);
}

function isBefore(version: string, other: string): boolean {
  const [numbers, others] = [numbersOf(version), numbersOf(other)];
  const at = numbers.findIndex((number, index) => number !== others[index]);
  return at === -1 ? version.includes('-') : (numbers[at] ?? 0) < (others[at] ?? 0);
}

function numbersOf(version: string): number[] {
  return (/^\d+\.\d+\.\d+/.exec(version)?.[0] ?? '0.0.0').split('.').map(Number);
}

/** The nearest major version that was repaired. */
function nextMajor(version: string, fixed: readonly string[]): number | undefined {
  const [major = 0] = numbersOf(version);
  return fixed.flatMap((one) => numbersOf(one)[0] ?? []).find((one) => one >= major);
}

/** The lock file of each package manager, with its commands to install and to update. */
const managers = [
  ['pnpm-lock.yaml', 'pnpm add', 'pnpm update'],
  ['yarn.lock', 'yarn add', 'yarn upgrade'],
  ['bun.lock', 'bun add', 'bun update'],
  ['package.json', 'npm install', 'npm update'],
] as const;

function fixCommand(folder: string, name: string, isOwn: boolean, major = 0): string {
  const [, install, update] = managers.find(([file]) => findAbove(folder, file) !== undefined) ?? managers[3];
  return isOwn ? `${install} ${name}@${major}` : `${update} ${name}`;
}

function findAbove(folder: string, file: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, file))) return join(at, file);
    if (at === dirname(at)) return undefined;
  }
}

function dependsOn(packageJson: string | undefined, name: string): boolean {
  return ['dependencies', 'devDependencies'].some((key) => {
    const names = field(packageJson, key);
    return typeof names === 'object' && names !== null && Object.hasOwn(names, name);
  });
}

/** @returns undefined where there is no such file or field */
function field(packageJson: string | undefined, key: string): unknown {
  try {
    return (JSON.parse(readFileSync(packageJson ?? '', 'utf8')) as Record<string, unknown>)[key];
  } catch {
    return undefined; // an installation is under way
  }
}
