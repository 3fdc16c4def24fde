// Texts for people. They are English, and a window says them in its own language.

/** The values that a text's `{placeholders}` stand for: never a token. */
export type Facts = Readonly<Record<string, Words | number | undefined>>;

/** A text whose placeholders are not filled in yet, so that the window that shows it can translate it. */
export interface Text {
  readonly text: string;
  readonly facts: Facts;
}

/** A text, or words of someone else that have no translation: a name, an answer of Cloudflare. */
export type Words = string | Text;

export interface Language {
  /** As in VS Code: `en`, `de`, `zh-cn`. */
  readonly name: string;
  /** The text in this language, with its placeholders; the same text where there is no translation. */
  readonly translate: (text: string) => string;
}

const english: Language = { name: 'en', translate: (text) => text };
let language = english;

/** Sets the language in which `t` and `say` word texts in this process. */
export function setLanguage(chosen: Language = english): void {
  language = chosen;
}

export const languageName = (): string => language.name;

/** A text that is worded later. */
export const textOf = (text: string, facts: Facts = {}): Text => ({ text, facts });

/**
 * The text in the language of this process, with the facts filled in. A placeholder without a fact stays as it is.
 * @param text a literal in English: l10n/ has its translations, and a test finds those that are missing
 */
export const t = (text: string, facts: Facts = {}): string => fill(text, facts, language);

/** Words in the language of this process. */
export const say = (words: Words): string =>
  typeof words === 'string' ? words : fill(words.text, words.facts, language);

/** The text in English, with the facts filled in. */
export const inEnglish = (words: Words, facts: Facts = {}): string =>
  typeof words === 'string' ? fill(words, facts, english) : fill(words.text, words.facts, english);

function fill(text: string, facts: Facts, into: Language): string {
  return into.translate(text).replace(/\{(\w+)\}/g, (whole, name: string) => {
    const fact = Object.hasOwn(facts, name) ? facts[name] : undefined;
    if (fact === undefined) return whole;
    return typeof fact === 'object' ? fill(fact.text, fact.facts, into) : String(fact);
  });
}

/**
 * Reads facts from JSON; a value that is no fact is left out. Pure.
 * @param clean is applied to each text
 */
export function readFacts(value: unknown, clean = (text: string): string => text): Facts {
  if (typeof value !== 'object' || value === null) return {};
  const entries = Object.entries(value).map(([name, fact]: [string, unknown]) => {
    if (typeof fact === 'number') return [name, fact];
    return [name, typeof fact === 'string' ? clean(fact) : readText(fact, clean)];
  });
  return Object.fromEntries(entries) as Facts;
}

/** Reads a text from JSON. @returns undefined if it is none */
export function readText(value: unknown, clean = (text: string): string => text): Text | undefined {
  const { text, facts } = (value ?? {}) as { text?: unknown; facts?: unknown };
  return typeof text === 'string' ? textOf(clean(text), readFacts(facts, clean)) : undefined;
}
