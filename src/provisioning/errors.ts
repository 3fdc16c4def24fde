// The one class of errors that a person can fix; their texts are in src/messages/.
import {
  exitCodeOf,
  isMessageCode,
  problemFor,
  sentences,
  type Facts,
  type MessageCode,
} from '../messages/messages.ts';

export type { Facts };
export type ErrorCode = MessageCode;

/** Seconds after which it makes sense to see whether Cloudflare can be reached again. */
const outageSeconds = 15;
/** Seconds after which it makes sense to ask the connector again. */
const connectorSeconds = 5;

/** An error that a person can fix. Anything else that is thrown is a bug and shows its stack. */
export class FixableError extends Error {
  override readonly name = 'FixableError';
  constructor(
    readonly code: ErrorCode,
    readonly facts: Facts = {},
    options?: ErrorOptions,
  ) {
    super(problemFor(code, facts).message, options);
  }
  get title(): string {
    return problemFor(this.code, this.facts).title;
  }
  get action(): string {
    return problemFor(this.code, this.facts).action;
  }
  get exitCode(): number {
    return exitCodeOf(this.code);
  }
  /** Seconds after which it makes sense to try again; undefined where time alone fixes nothing. */
  get retryAfterSeconds(): number | undefined {
    const { seconds, status } = this.facts;
    if (this.code === 'connector-behind' || this.code === 'connector-disconnected') return connectorSeconds;
    if (this.code === 'rate-limited' || this.code === 'paused' || this.code === 'private-unasked')
      return typeof seconds === 'number' ? seconds : undefined;
    const isRefusal = typeof status === 'number' && status >= 400 && status < 500 && status !== 409;
    const isOutage =
      ['api-unreachable', 'service-unreachable'].includes(this.code) || (this.code === 'api-failed' && !isRefusal);
    return isOutage ? outageSeconds : undefined;
  }

  /** For the outcome file of a request: another process made the error, its requester reports it. */
  toJSON(): { code: ErrorCode; facts: Facts } {
    return { code: this.code, facts: this.facts };
  }
  static fromJSON(json: { code: string; facts?: Facts }): FixableError {
    return isMessageCode(json.code)
      ? new FixableError(json.code, json.facts)
      : new FixableError('api-failed', {
          call: json.code,
          status: '',
          problem: 'an error that this version does not know',
        });
  }
}

/** The error as text for a terminal. */
export function explain(error: FixableError): string {
  return `${sentences(error)}\n${error.action}`;
}
