import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { pageTexts } from '../../src/relay/pageTexts.ts';
import { commandTable } from '../../src/window/commandTable.ts';
import { textsInCode } from './textsInCode.ts';

const root = new URL('../../', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, root), 'utf8');
const bundle = (file: string): Record<string, string> => JSON.parse(read(file)) as Record<string, string>;
const languages = ['de', 'es', 'fr', 'zh-cn'];

/** The parts of a text that a translation keeps: placeholders, code, and the marks of bold text. */
const fixed = (text: string): string[] => text.match(/\{\w+\}|`[^`]*`|\*\*/g)?.sort() ?? [];

/** The keys without a translation, those that nothing uses, and the translations that lose a part. */
function faults(texts: Readonly<Record<string, string>>, translated: Readonly<Record<string, string>>): string[] {
  return [
    ...Object.keys(texts).flatMap((key) => (translated[key]?.trim() ? [] : [`missing: ${key}`])),
    ...Object.keys(translated).flatMap((key) => (key in texts ? [] : [`unused: ${key}`])),
    ...Object.entries(texts).flatMap(([key, text]) =>
      String(fixed(text)) === String(fixed(translated[key] ?? text)) ? [] : [`differs: ${key}`],
    ),
  ];
}

describe('translations', () => {
  const texts = Object.fromEntries(textsInCode().map((text) => [text, text]));
  const manifest = read('package.json');
  const named = bundle('package.nls.json');

  for (const language of languages) {
    it(`in ${language} has every text of the window, no other, and the same placeholders in each`, () => {
      assert.deepEqual(faults(texts, bundle(`l10n/bundle.l10n.${language}.json`)), []);
    });

    it(`in ${language} has every text of package.json, and the same words for a command as the window`, () => {
      const translated = bundle(`package.nls.${language}.json`);
      assert.deepEqual(faults(named, translated), []);
      const window = bundle(`l10n/bundle.l10n.${language}.json`);
      for (const [id, { title }] of Object.entries(commandTable)) assert.equal(translated[id], window[title], id);
    });
  }

  it('finds a text that is missing, one that nothing uses, and one that lost a placeholder', () => {
    assert.deepEqual(faults({ 'a {x}': 'a {x}', b: 'b' }, { 'a {x}': 'ä', c: 'c' }), [
      'missing: b',
      'unused: c',
      'differs: a {x}',
    ]);
  });

  it('of package.json are those that it names', () => {
    const keys = [...manifest.matchAll(/"%([\w.]+)%"/g)].map(([, key = '']) => key);
    assert.deepEqual([...new Set(keys)].sort(), Object.keys(named).sort());
  });

  it('are in these languages alone, which are those of the page for visitors too', () => {
    const files = [...readdirSync(new URL('l10n/', root)), ...readdirSync(root)].sort();
    assert.deepEqual(
      files.filter((file) => /(l10n|nls)\..*json$/.test(file)),
      [
        ...languages.map((language) => `bundle.l10n.${language}.json`),
        ...languages.slice(0, -1).map((language) => `package.nls.${language}.json`),
        'package.nls.json',
        'package.nls.zh-cn.json',
      ],
    );
    assert.deepEqual(Object.keys(pageTexts).sort(), ['de', 'en', 'es', 'fr', 'zh']);
  });
});

describe('the page for visitors', () => {
  for (const [language, texts] of Object.entries(pageTexts)) {
    it(`in ${language} has every text, with its placeholders`, () => {
      assert.deepEqual(faults(pageTexts.en, texts), []);
    });
  }
});
