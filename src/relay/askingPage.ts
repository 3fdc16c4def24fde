// The page that asks for the passphrase of a class. Pure.
import { enterPath, escapeHtml, hashSource, page, style } from './page.ts';
import { accessTexts, type PageLanguage } from './pageTexts.ts';
import type { Refused } from './responses.ts';

export interface Question extends Refused {
  /** The path that the visitor wanted to see. */
  readonly returnTo: string;
}

/** Its form goes to the site itself; it loads nothing. */
export const askingPolicy = `default-src 'none'; style-src ${hashSource(style)}; base-uri 'none'; form-action 'self'; frame-ancestors *`;

export function askingPage(hostname: string, question: Question, language: PageLanguage = 'en'): string {
  const texts = accessTexts[language];
  const title = texts.title.replace('{name}', escapeHtml(hostname));
  const problem = problemOf(question, texts);
  return page({
    language,
    title,
    head: '',
    main: `<h1>${title}</h1>
<p role="status">${problem ?? texts.explanation}</p>
<form method="post" action="${enterPath}">
<input type="hidden" name="to" value="${escapeHtml(question.returnTo)}">
<label for="passphrase">${texts.label}</label>
<input id="passphrase" name="passphrase" type="password" required autofocus autocomplete="current-password" autocapitalize="none" spellcheck="false">
<button>${texts.button}</button>
</form>`,
    end: '',
  });
}

function problemOf({ isWrong, waitSeconds }: Refused, texts: { wrong: string; wait: string }): string | undefined {
  if (waitSeconds !== undefined) return texts.wait.replace('{seconds}', String(waitSeconds));
  return isWrong ? texts.wrong : undefined;
}
