// The one table of messages about problems that a person can fix. Command, window and shell hooks read it. Pure.
import { commandMessages } from './command.ts';
import { setupMessages } from './setup.ts';
import { siteMessages } from './site.ts';
import { teacherMessages } from './teacher.ts';
import { inEnglish, t, textOf, type Facts, type Text } from './texts.ts';

export type { Facts };

/** A message for a person in English: what is wrong, why, and how to fix it. `worded` gives it in the window's language. */
export interface Problem {
  readonly code: string;
  readonly title: string;
  readonly message: string;
  readonly action: string;
  /** The values in these texts. */
  readonly facts?: Facts;
  /** The window tries again. */
  readonly isRetried?: true;
}

interface Message {
  readonly exit: number;
  readonly title: string;
  /** The event that caused it. */
  readonly detail: string;
  /** How to fix it. */
  readonly action: string;
}

const messages = {
  ...commandMessages,
  ...setupMessages,
  ...siteMessages,
  ...teacherMessages,
} as const satisfies Record<string, Message>;

export type MessageCode = keyof typeof messages;

export const isMessageCode = (code: string): code is MessageCode => Object.hasOwn(messages, code);

export const exitCodeOf = (code: MessageCode): number => messages[code].exit;

/** The message of a code in English, with the facts filled in. A placeholder without a fact stays as it is. */
export function problemFor(code: MessageCode, facts: Facts = {}): Problem {
  const { title, detail, action } = messages[code];
  return {
    code,
    title: inEnglish(title, facts),
    message: inEnglish(detail, facts),
    action: inEnglish(action, facts),
    facts,
  };
}

/** The title of a message, to be worded later. */
export const titleOf = ({ code, title, facts }: Problem): Text =>
  isMessageCode(code) && facts ? textOf(messages[code].title, facts) : textOf(title);

/** The message's explanation, to be worded later. */
export const detailOf = (code: MessageCode, facts: Facts): Text => textOf(messages[code].detail, facts);

/** A message in the language of this process; as it is where its code or its values are not known. */
export function worded(problem: Problem): Omit<Problem, 'facts'> {
  const { code, facts, isRetried } = problem;
  const { title, message, action } = isMessageCode(code) && facts ? inOwnLanguage(code, facts) : problem;
  return { code, title, message, action: isRetried ? `${action} ${t('Retrying automatically.')}` : action };
}

function inOwnLanguage(code: MessageCode, facts: Facts): Pick<Problem, 'title' | 'message' | 'action'> {
  const { title, detail, action } = messages[code];
  return { title: t(title, facts), message: t(detail, facts), action: t(action, facts) };
}

/** Title and message as text; the title is left out if the message begins with it. */
export function sentences({ title, message }: Pick<Problem, 'title' | 'message'>): string {
  return message.startsWith(title) ? message : [`${title}.`, message].filter((part) => part !== '').join(' ');
}
