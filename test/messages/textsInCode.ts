/** The texts that the window shows: the bundles in l10n/ translate each of them, and nothing else. */
import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { commandMessages } from '../../src/messages/command.ts';
import { siteMessages } from '../../src/messages/site.ts';
import { teacherMessages } from '../../src/messages/teacher.ts';
import { lostStatuses, noName } from '../../src/relay/publicCheck.ts';
import { labels } from '../../src/window/commandTable.ts';

const source = new URL('../../src/', import.meta.url);

/** These files word texts of a table, which `tables` has. */
const wordsTables = [
  'messages/messages.ts',
  'messages/texts.ts',
  'window/commandTable.ts',
  'window/leases.ts',
  'window/server/relays.ts',
];
const tables = (): string[] => [
  ...Object.values({ ...commandMessages, ...siteMessages, ...teacherMessages }).flatMap(({ title, detail, action }) => [
    title,
    detail,
    action,
  ]),
  ...Object.values(labels),
  ...lostStatuses.values(),
  noName,
];

/** Every text once. A text of placeholders alone needs no translation. */
export function textsInCode(): string[] {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const all = [...tables(), ...files.flatMap(textsIn)];
  return [...new Set(all)].filter((text) => /\p{L}/u.test(text.replace(/\{\w+\}/g, ''))).sort();
}

/** The first argument of each call of `t` and `textOf`. @throws where it is no literal */
function textsIn(file: string): string[] {
  const text = readFileSync(new URL(file, source), 'utf8');
  if (!text.includes('messages/texts.ts') && !text.includes('./texts.ts')) return [];
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ['t', 'textOf'].includes(node.expression.getText())) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteralLike(argument)) found.push(argument.text);
      else if (!wordsTables.includes(file)) throw new Error(`${file}: ${node.getText()} has no literal text`);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}
