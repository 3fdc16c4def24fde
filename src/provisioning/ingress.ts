// Cloudflare's ingress rules: reads and edits them by cloudflared's own rules. Pure.

/** One ingress rule. Keys that are not named here are carried through unchanged. */
export interface IngressRule {
  readonly hostname?: string;
  readonly path?: string;
  readonly service: string;
  readonly originRequest?: unknown;
  readonly [key: string]: unknown;
}

/** The tunnel's whole configuration. `warp-routing` and unknown keys are carried through unchanged. */
export interface TunnelConfig {
  readonly ingress?: readonly IngressRule[] | null;
  readonly [key: string]: unknown;
}

/** Rules to set, and hostnames whose rules to remove. */
export interface IngressEdit {
  readonly set: readonly IngressRule[];
  readonly remove: ReadonlySet<string>;
}

const notFound: IngressRule = { service: 'http_status:404' };

/**
 * Sets and removes rules of our own hostnames. Foreign rules, their order and every other key stay.
 * @returns the same object if nothing changes
 */
export function editIngress(config: TunnelConfig | null, edit: IngressEdit): TunnelConfig {
  const before = config?.ingress ?? [];
  const wanted = new Map(edit.set.map((rule) => [rule.hostname ?? '', rule]));
  let changed = false;
  const rules: IngressRule[] = [];
  for (const rule of before) {
    const replacement = rule.path ? undefined : wanted.get(rule.hostname ?? '');
    if (!rule.path && rule.hostname && edit.remove.has(rule.hostname)) {
      changed = true;
      continue;
    }
    if (replacement) wanted.delete(rule.hostname ?? '');
    if (replacement && replacement.service !== rule.service) changed = true;
    rules.push(replacement ? { ...rule, service: replacement.service } : rule);
  }
  if (rules.length === 0 && wanted.size > 0) rules.push(notFound);
  for (const [hostname, rule] of wanted) {
    changed = true;
    rules.splice(placeFor(hostname, rules), 0, rule);
  }
  return changed ? { ...config, ingress: rules } : (config ?? {});
}

/** Whether this rule matches `hostname`, as cloudflared matches it: `*.x` is a suffix match, so it matches a.b.x too. */
export function matches(rule: IngressRule, hostname: string): boolean {
  const pattern = rule.hostname ?? '';
  return (
    pattern === '' ||
    pattern === '*' ||
    pattern === hostname ||
    (pattern.startsWith('*.') && hostname.endsWith(pattern.slice(1)))
  );
}

/** The rule for exactly this hostname, for the whole site. */
export function ruleOf(config: TunnelConfig | null, hostname: string): IngressRule | undefined {
  return config?.ingress?.find((rule) => rule.hostname === hostname && !rule.path);
}

/** The local port that a service sends visitors to; undefined for any other service. */
export function localPort(service: string): number | undefined {
  const match = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\]):(\d+)\/?$/.exec(service);
  return match ? Number(match[1]) : undefined;
}

/**
 * The index of the first rule that would match this whole hostname: an exact rule goes before every wildcard and before the
 * catch-all. A rule for a path of it is more specific and stays before it.
 */
function placeFor(hostname: string, rules: readonly IngressRule[]): number {
  const index = rules.findIndex((rule) => !rule.path && matches(rule, hostname));
  return index === -1 ? Math.max(0, rules.length - 1) : index;
}
