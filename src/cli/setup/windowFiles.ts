// Adds to and removes from the files of a student's code-server, without touching the rest of them. Pure.

/** The settings in a file that may have comments and trailing commas; undefined if it is not an object. */
export function parseSettings(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(withoutComments(text).replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, '$1'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The text with these settings. A setting that is there keeps its value.
 * @param text undefined or blank: a new file
 * @returns undefined if the text is not an object of settings
 */
export function addSettings(text: string | undefined, wanted: Readonly<Record<string, unknown>>): string | undefined {
  if (text === undefined || text.trim() === '') return `${JSON.stringify(wanted, undefined, 4)}\n`;
  const settings = parseSettings(text);
  if (!settings) return undefined;
  const missing = Object.entries(wanted).filter(([key]) => !Object.hasOwn(settings, key));
  if (missing.length === 0) return text;
  const start = withoutComments(text).indexOf('{') + 1;
  const lines = missing.map(([key, value]) => `\n    ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  const rest = text.slice(start);
  const isEmpty = Object.keys(settings).length === 0;
  return `${text.slice(0, start)}${lines.join(',')}${isEmpty ? '' : ','}${isEmpty && !/^\s*\n/.test(rest) ? '\n' : ''}${rest}`;
}

/**
 * The text without these settings, where they have the value that was added.
 * @returns undefined if nothing would be left, so that the file can go
 */
export function removeSettings(text: string, added: Readonly<Record<string, unknown>>): string | undefined {
  let left = text;
  for (const [key, value] of Object.entries(added)) {
    const entry = `${escapeRegExp(JSON.stringify(key))}\\s*:\\s*${escapeRegExp(JSON.stringify(value))}`;
    const first = left.replace(new RegExp(`\\s*${entry}\\s*,`), '');
    const changed = first === left ? left.replace(new RegExp(`,?\\s*${entry}(?=\\s*})`), '') : first;
    const { [key]: old, ...others } = parseSettings(left) ?? {};
    // Only where nothing else has changed with it: the pattern may stand in a comment or a string.
    if (JSON.stringify(old) === JSON.stringify(value) && isSame(parseSettings(changed), others)) left = changed;
  }
  return left.trim() !== '' && /^\s*\{\s*\}\s*$/.test(left) ? undefined : left;
}

const listKey = 'link-protection-trusted-domains';

/** The configuration of code-server (YAML) with this trusted domain. */
export function addTrustedDomain(text: string, domain: string): string {
  if (hasTrustedDomain(text, domain)) return text;
  const item = JSON.stringify(domain);
  const [line, value = ''] = new RegExp(`^${listKey}:[ \\t]*(.*)$`, 'm').exec(text) ?? [];
  if (line === undefined) return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${listKey}:\n  - ${item}\n`;
  if (value === '') {
    const [, indent = '  '] = new RegExp(`^${listKey}:[ \\t]*\\n([ \\t]*)- `, 'm').exec(text) ?? [];
    return text.replace(line, () => `${line}\n${indent}- ${item}`);
  }
  const list = value.startsWith('[') ? `${listKey}: ${value.replace('[', () => `[${item}, `)}` : undefined;
  return text.replace(line, () => list ?? `${listKey}:\n  - ${value}\n  - ${item}`);
}

/** The configuration of code-server without this trusted domain. */
export function removeTrustedDomain(text: string, domain: string): string {
  const item = escapeRegExp(JSON.stringify(domain));
  return text
    .replace(new RegExp(`^[ \\t]*- ${item}[ \\t]*\\n`, 'm'), '')
    .replace(new RegExp(`^(${listKey}: \\[)${item}, `, 'm'), '$1')
    .replace(new RegExp(`^${listKey}:[ \\t]*\\n(?![ \\t]*- )`, 'm'), '');
}

export function hasTrustedDomain(text: string, domain: string): boolean {
  const start = text.search(new RegExp(`^${listKey}:`, 'm'));
  if (start < 0) return false;
  const [entry = ''] = /^.*(\n[ \t]*-.*)*/.exec(text.slice(start)) ?? [];
  return new RegExp(`["'\\s[,]${escapeRegExp(domain)}["'\\s\\],]`).test(`${entry}\n`);
}

/** The text with blanks instead of comments, at the same length. */
function withoutComments(text: string): string {
  return text.replace(/("(?:[^"\\\n]|\\.)*")|\/\/[^\n]*|\/\*[^]*?\*\//g, (found, string: string | undefined) =>
    string === undefined ? found.replace(/[^\n]/g, ' ') : found,
  );
}

function isSame(one: object | undefined, other: object): boolean {
  const sorted = (object: object) => JSON.stringify(Object.entries(object).sort());
  return one !== undefined && sorted(one) === sorted(other);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
