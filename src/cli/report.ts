import { explain, type MendableError } from '../provisioning/errors.ts';

/** Where the command's words go: answers to stdout, words for people to stderr; with `--json` one object a line to stdout. */
export interface Report {
  /** The answer: text for people or scripts, and the same as an event. */
  answer(text: string, event: Readonly<Record<string, unknown>>): void;
  /** Something on the way. */
  progress(event: Readonly<Record<string, unknown>>, text?: string): void;
  warn(text: string): void;
  /** Reports an error that a person can mend, and returns its exit code. */
  fail(error: MendableError): number;
}

export interface Streams {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

export function makeReport({ out, err }: Streams, json: boolean): Report {
  const write = (event: Readonly<Record<string, unknown>>) => {
    out(JSON.stringify(event));
  };
  return json
    ? {
        answer: (_text, event) => {
          write(event);
        },
        progress: (event) => {
          write(event);
        },
        warn: (text) => {
          err(`classroom-tunnel: warning: ${text}`);
        },
        fail: (error) => {
          const { code, title, message, action, exitCode, retryAfterSeconds } = error;
          write({
            event: 'error',
            code,
            title,
            message,
            action,
            exitCode,
            ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
          });
          return exitCode;
        },
      }
    : {
        answer: (text) => {
          if (text) out(text);
        },
        progress: (_event, text) => {
          if (text) err(`classroom-tunnel: ${text}`);
        },
        warn: (text) => {
          err(`classroom-tunnel: warning: ${text}`);
        },
        fail: (error) => {
          err(`classroom-tunnel: ${explain(error)}`);
          return error.exitCode;
        },
      };
}
