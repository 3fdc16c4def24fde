// Writes the command's output: answers to stdout, messages for people to stderr.
import type { Problem } from '../messages/messages.ts';
import { explain, type FixableError } from '../provisioning/errors.ts';

export type Event = Readonly<Record<string, unknown>>;

export interface Report {
  /** The answer: text for people or scripts, and the same as an event. */
  answer(text: string, event: Event): void;
  /** A step before the answer. */
  progress(event: Event, text?: string): void;
  warn(text: string): void;
  /** Keeps a secret out of all output. */
  hide(secret: string): void;
  /** Reports an error that a person can fix, and returns its exit code. */
  fail(error: FixableError): number;
}

export interface Streams {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Replaces a secret in every later line. */
  readonly hide: (secret: string) => void;
}

/** `json`: one object a line to stdout. `sentence`: one line to stdout, for a student in a terminal. */
export type Style = 'text' | 'json' | 'sentence';

/** Streams that replace secrets. */
export function hidingSecrets({ out, err }: Pick<Streams, 'out' | 'err'>): Streams {
  const secrets = new Set<string>();
  const shown = (line: string) => [...secrets].reduce((text, secret) => text.replaceAll(secret, '[secret]'), line);
  return {
    out: (line) => out(shown(line)),
    err: (line) => err(shown(line)),
    hide: (secret) => void secrets.add(secret),
  };
}

export function makeReport(streams: Streams, style: Style): Report {
  return reports[style](streams);
}

/** A report without progress and warnings. Answers and errors stay. */
export function quietly(report: Report): Report {
  return { ...report, progress: () => undefined, warn: () => undefined };
}

/** A hook's sentence to a student whose site was not published. */
export function notPublic({ message, action }: Pick<Problem, 'message' | 'action'>): string {
  return `this site is not public: ${message} ${action}`;
}

function textReport({ out, err, hide }: Streams): Report {
  return {
    hide,
    answer: (text) => {
      if (text) out(text);
    },
    progress: (_event, text) => {
      if (text) err(`classroom-tunnel: ${text}`);
    },
    warn: (text) => err(`classroom-tunnel: warning: ${text}`),
    fail: (error) => {
      err(`classroom-tunnel: ${explain(error)}`);
      return error.exitCode;
    },
  };
}

function jsonReport(streams: Streams): Report {
  const write = (event: Event) => streams.out(JSON.stringify(event));
  return {
    ...textReport(streams),
    answer: (_text, event) => write(event),
    progress: (event) => write(event),
    fail: ({ code, title, message, action, exitCode, retryAfterSeconds, facts }) => {
      const pause = code === 'paused' ? { until: facts['until'], teacherMessage: facts['teacherMessage'] } : {};
      write({ event: 'error', code, title, message, action, facts, exitCode, retryAfterSeconds, ...pause });
      return exitCode;
    },
  };
}

function sentenceReport(streams: Streams): Report {
  return {
    ...textReport(streams),
    answer: (text, { url }) => streams.out(typeof url === 'string' ? `your site is at ${url}` : text),
    fail: (error) => {
      streams.out(notPublic(error));
      return error.exitCode;
    },
  };
}

const reports: Readonly<Record<Style, (streams: Streams) => Report>> = {
  text: textReport,
  json: jsonReport,
  sentence: sentenceReport,
};
