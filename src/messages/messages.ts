// The one table of messages about problems that a person can fix. Command, window and shell hooks read it. Pure.
import { commandMessages } from './command.ts';
import { setupMessages } from './setup.ts';
import { siteMessages } from './site.ts';
import { teacherMessages } from './teacher.ts';

/** The values that a message's `{placeholders}` stand for: never a token. */
export type Facts = Readonly<Record<string, string | number | undefined>>;

/** A message for a person: what is wrong, why, and how to fix it. */
export interface Problem {
  readonly code: string;
  readonly title: string;
  readonly message: string;
  readonly action: string;
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

/** The message of a code, with the facts filled in. A placeholder without a fact stays as it is. */
export function problemFor(code: MessageCode, facts: Facts = {}): Problem {
  const { title, detail, action } = messages[code];
  return { code, title: fill(title, facts), message: fill(detail, facts), action: fill(action, facts) };
}

/** Title and message as text; the title is left out if the message begins with it. */
export function sentences({ title, message }: Pick<Problem, 'title' | 'message'>): string {
  return message.startsWith(title) ? message : [`${title}.`, message].filter((part) => part !== '').join(' ');
}

function fill(template: string, facts: Facts): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = facts[name];
    return value === undefined ? whole : String(value);
  });
}
