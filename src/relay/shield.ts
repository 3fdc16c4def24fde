// Blocks what a development server offers to its own developer and no visitor may have, by the request target alone. Pure.
import { normalize } from 'node:path/posix';
import { rowOf } from './devServers.ts';
import type { DevServerName } from './devServers.ts';

/** The parts of the shield; the teacher can switch each off. */
export const shieldParts = {
  developerEndpoints: "It controls the development server, or opens a file in the developer's editor.",
  filesOutsideProject: "It is a file outside of the site's project.",
  hiddenFiles: 'Hidden files and folders such as .env and .git often contain passwords.',
  ambiguousTargets: 'Its address contains a # or a second ? that development servers misread. Write %23 or %3F.',
} as const;

export type ShieldPart = keyof typeof shieldParts;

export function isShieldPart(name: string): name is ShieldPart {
  return Object.hasOwn(shieldParts, name);
}

export interface ShieldContext {
  readonly server: DevServerName | undefined;
  /** The folder whose files the dev server may serve under /@fs/, with no slash at its end; undefined when unknown. */
  readonly root: string | undefined;
  /** The parts that are switched off. */
  readonly allow: ReadonlySet<ShieldPart>;
}

interface Target {
  /** As the visitor sent it. */
  readonly raw: string;
  /** The whole of it with every level of percent-encoding removed, and `/` for `\`. */
  readonly decoded: string;
  /** The names in its path, in lower case. */
  readonly names: readonly string[];
}

const secretNames = /^\.(env|(git|git-credentials|ssh|gnupg|aws|netrc|npmrc|bash_history)$)/;

/** In the order in which they are applied. */
const rules: Readonly<Record<ShieldPart, (target: Target, context: ShieldContext) => boolean>> = {
  hiddenFiles: ({ names }) => names.some((name) => secretNames.test(name)),
  developerEndpoints: ({ names }, { server }) => isDeveloperEndpoint(names, server),
  filesOutsideProject: ({ decoded }, { root }) => isOutsideProject(decoded, root),
  ambiguousTargets: ({ raw, decoded }) =>
    raw.includes('#') || (raw.indexOf('?') !== raw.lastIndexOf('?') && isMisread(decoded)),
};

/** The parameters that Vite and its plugins take for the kind of a module. They cut `t=TIME` off before they look. */
const moduleKinds =
  /[?&](raw|url|import|init|direct|html-proxy|(shared)?worker(_file)?|commonjs-[\w-]+)=?([?&#]|$)|[?&](no-)?inline\b/;

/** Whether a target with a second `?` may pass a check of the dev server's as one file and be served as another. */
function isMisread(decoded: string): boolean {
  const target = decoded.replace(/\bt=\d{13}&?\b/g, '');
  return moduleKinds.test(target) || moduleKinds.test(decoded) || parentFolder.test(decoded);
}

/**
 * Finds the part of the shield that a request belongs to.
 * @param raw the request target: a path, with or without a query
 * @returns undefined for a request that visitors may send
 */
export function blockedPart(raw: string, context: ShieldContext): ShieldPart | undefined {
  const target: Target = { raw, decoded: decode(raw), names: namesOf(decode(raw.split('?')[0] ?? '')) };
  const parts = Object.keys(rules) as ShieldPart[];
  return parts.find((part) => !context.allow.has(part) && rules[part](target, context));
}

/** More levels than any server removes. */
const maxEncodings = 5;

function decode(text: string): string {
  let decoded = text;
  for (let level = 0; level < maxEncodings; level += 1) {
    decoded = decoded.replace(/(?:%[0-9a-f]{2})+/gi, (bytes) =>
      Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'),
    );
  }
  return decoded.replaceAll('\\', '/');
}

/** Every character that ends a name for some server ends it here. */
function namesOf(path: string): string[] {
  const names = path.toLowerCase().split(/[/?#;\0]/);
  return names.map((name) => name.trim()).filter((name) => name !== '');
}

/** At any depth, because a site may have a base path. */
const endpoints = [
  /^__open-?(in-?editor|stack-frame|editor|source|file)/, // Vite and what is built on it, Create React App, Rsbuild
  /^__(inspect|devtools__|tsd|unocss|vitest__)$/, // plugins of Vite
  /^__nextjs_(launch-editor|restart_dev|disable_dev_indicator|attach|devtool|error_feedback)/,
  /^__get-internal-source$/, // Create React App
  /^(__nuxt_devtools__|_vfs|_vfs\.json)$/,
  /^__parcel_launch_editor$/,
  /^__browser_sync__$/, // reloads the page of every visitor
  /^__docusaurus$/,
];
/** At the root alone, because they may be names of a site's own pages. Bun opens `/src:/FILE` in the editor. */
const rootEndpoints = /^((webpack|rspack|rsbuild)-dev-server|src:|bun:info)$/;

function isDeveloperEndpoint(names: readonly string[], server: DevServerName | undefined): boolean {
  const [first = ''] = names;
  if (rootEndpoints.test(first)) return true;
  if (first === 'invalidate' && rowOf(server)?.rewritesScript === true) return true; // webpack-dev-server compiles again
  if (names.some((name, index) => name === '_next' && names[index + 1] === 'mcp')) return true;
  return names.some((name) => endpoints.some((endpoint) => endpoint.test(name)));
}

/** The path of a file behind Vite's /@fs/PATH and /@id/PATH. `/@id/package` and `/@id/__x00__virtual` are not files. */
const filePaths = /\/@fs(\/[^?#&\0]*)|\/@id\/(?:file:)?(\/[^?#&\0]*)/g;
const parentFolder = /(^|[/?#&=])\.\.([/?#&\0]|$)/;

/**
 * Vite serves a workspace's files and refuses others, but many versions are misled by `..` behind a `?` or `#` that they cut
 * off after the check (CVE-2025-30208, -31125, -31486, -32395), or behind the folder of its optimized packages
 * (CVE-2026-39365). @web/dev-server serves any file at
 * /__wds-outside-root__/LEVELS/PATH, and needs that for packages of a workspace.
 */
function isOutsideProject(decoded: string, root: string | undefined): boolean {
  if (/\/__wds-outside-root__\//.test(decoded)) return parentFolder.test(decoded) || !isPackage(decoded);
  const paths = [...decoded.matchAll(filePaths)].map(([, fs, id]) => normalize(fs ?? id ?? ''));
  if (/\/(@fs|@id|\.vite)\//.test(decoded) && parentFolder.test(decoded)) return true;
  if (paths.some((path) => path.includes('/.config/'))) return true; // for a project that is the home folder
  return paths.some((path) => (root === undefined ? !isPackage(path) : path !== root && !path.startsWith(`${root}/`)));
}

const isPackage = (path: string): boolean => path.includes('/node_modules/');
