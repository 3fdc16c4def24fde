/** Exit codes of the command; the numbers are sysexits(3)'s where it has one. */
export const exitCodes = { done: 0, failed: 1, usage: 2, busy: 75, notAllowed: 77, configuration: 78 } as const;

/** How soon it makes sense to see whether Cloudflare can be reached again. */
const outageSeconds = 15;

/** What a message is filled with: never a token. */
export type Facts = Readonly<Record<string, string | number | undefined>>;

interface Message {
  readonly exit: number;
  readonly title: string;
  /** What happened, with the facts in `{braces}`. */
  readonly detail: string;
  /** How to mend it. */
  readonly action: string;
}

/** The one table of everything that a person can mend: it serves the command and the window alike. */
const messages = {
  usage: {
    exit: 2,
    title: 'That is not a way to call it',
    detail: '{problem}',
    action: 'See `classroom-tunnel --help`.',
  },
  'config-missing': {
    exit: 78,
    title: 'There is no configuration',
    detail: 'The configuration file {file} does not exist.',
    action: 'Run `classroom-tunnel setup`, or name another file in CLASSROOM_TUNNEL_CONFIG.',
  },
  'config-unreadable': {
    exit: 78,
    title: 'The configuration cannot be read',
    detail: '{file}: {problem}.',
    action: 'Give the account that runs classroom-tunnel the right to read this file.',
  },
  'config-invalid': {
    exit: 78,
    title: 'The configuration has a mistake',
    detail: '{file}: {problem}.',
    action: '{mend}',
  },
  'config-not-trusted': {
    exit: 77,
    title: 'This configuration may not be used under sudo',
    detail: '{file} belongs to the caller, or others may write it.',
    action:
      'Under sudo the configuration must belong to root or to the service account, and be writable by nobody else.',
  },
  'token-missing': {
    exit: 78,
    title: 'There is no API token',
    detail: '{file} names no `tokenFile`, and CLOUDFLARE_API_TOKEN is not set.',
    action: 'Put the token into a file of its own and name it as `tokenFile`.',
  },
  'token-unreadable': {
    exit: 78,
    title: 'The API token cannot be read',
    detail: 'The token file {file}: {problem}.',
    action: 'Check `tokenFile` in {config}, and that the account that runs classroom-tunnel may read it.',
  },
  'token-rejected': {
    exit: 77,
    title: 'Cloudflare refuses the API token',
    detail: 'Cloudflare answered {status} ({problem}) to {call}.',
    action:
      'Make a token with the permissions "Account · Cloudflare Tunnel · Edit" and "Zone · DNS · Edit" for this account and zone; `classroom-tunnel doctor` checks it.',
  },
  'hostname-invalid': {
    exit: 78,
    title: 'The hostname template makes no valid name',
    detail: '`hostname` "{template}" makes "{hostname}" for {user}: {problem}.',
    action: 'Change `hostname` in the configuration, for example to "{example}".',
  },
  'tunnel-unknown': {
    exit: 78,
    title: 'Cloudflare does not know the tunnel',
    detail: 'There is no tunnel {tunnel} in account {account}.',
    action: 'Check `accountId` and `tunnelId` in the configuration.',
  },
  'tunnel-local': {
    exit: 78,
    title: 'The tunnel is managed by a local file',
    detail:
      'The tunnel {tunnel} takes its configuration from a file beside cloudflared, and ignores the one at Cloudflare.',
    action: 'Migrate the tunnel in the dashboard, or make a remotely-managed one with `classroom-tunnel setup`.',
  },
  'tunnel-invalid': {
    exit: 1,
    title: "The tunnel's configuration is not valid",
    detail: 'The configuration of tunnel {tunnel} at Cloudflare has a rule that cloudflared would refuse: {problem}.',
    action: 'Mend this rule in the dashboard; nothing was changed.',
  },
  'zone-unknown': {
    exit: 78,
    title: 'Cloudflare does not know the zone',
    detail: 'There is no zone {zone}, or the token may not see it.',
    action: 'Check `zoneId` in the configuration, and that the token covers this zone.',
  },
  'api-unreachable': {
    exit: 1,
    title: 'Cloudflare cannot be reached',
    detail: '{call}: {problem}.',
    action: 'Check the network of this server, then try again.',
  },
  'api-failed': {
    exit: 1,
    title: 'Cloudflare answered with an error',
    detail: '{call}: {status} {problem}.',
    action: 'Try again in a moment; if it stays, see cloudflarestatus.com.',
  },
  'rate-limited': {
    exit: 75,
    title: 'Cloudflare asks everybody to wait',
    detail: 'Too many calls were made with this token; it is blocked until {until} (another {seconds} s).',
    action: 'The request stays in the queue; try again after that.',
  },
  busy: {
    exit: 75,
    title: 'Another change is in progress',
    detail: 'Waited {seconds} s for the lock without any progress.',
    action: 'Try again in a moment.',
  },
  'port-not-allowed': {
    exit: 77,
    title: 'This is not your port',
    detail: "Port {port} is not {user}'s: {problem}.",
    action: '{mend}',
  },
  'port-held': {
    exit: 77,
    title: 'The port is in use',
    detail: 'Port {port} is published by {owner} as {hostname}.',
    action: 'Use the port that belongs to you.',
  },
  'port-foreign': {
    exit: 77,
    title: "This is somebody else's server",
    detail: 'What listens on port {port} is a process of {owner}, not of {user}.',
    action: 'Start your own server on the port that belongs to you.',
  },
  'hostname-taken': {
    exit: 1,
    title: 'The hostname is taken',
    detail: '{hostname} is in use: {problem}.',
    action: 'It was left as it is. Ask your teacher.',
  },
  'record-refused': {
    exit: 1,
    title: 'Cloudflare refuses the DNS record',
    detail: 'The record for {hostname} was refused: {problem}.',
    action: 'Ask your teacher; nothing was changed.',
  },
  'quota-reached': {
    exit: 1,
    title: 'The zone is full',
    detail: 'The record for {hostname} was refused: {problem}.',
    action: 'Remove records that nobody needs, or use `"dns": "wildcard"` with one wildcard record.',
  },
  'rule-foreign': {
    exit: 1,
    title: 'This rule was made by somebody else',
    detail: 'The rule {hostname} for port {port} was not made by classroom-tunnel, so it was left as it is.',
    action: 'Remove it in the Cloudflare dashboard if nobody needs it.',
  },
  'lock-lost': {
    exit: 75,
    title: 'This process was stopped for too long',
    detail: 'It lost the lock {file}, and wrote nothing more.',
    action: 'Try again: the next run puts everything in order.',
  },
  'state-unwritable': {
    exit: 1,
    title: 'The state folder cannot be used',
    detail: '{file}: {problem}.',
    action: 'Check that the disk is not full and that this account may write `stateDir`.',
  },
  'request-unreadable': {
    exit: 1,
    title: 'A request in the queue cannot be read',
    detail: '{file}: {problem}.',
    action: 'Are two versions of classroom-tunnel installed? Update both, and try again.',
  },
  'backup-unknown': {
    exit: 1,
    title: 'There is no such configuration',
    detail: '"{name}" is not one of the configurations kept in {folder}.',
    action: 'Run `classroom-tunnel restore` without a name to see them.',
  },
  'setup-incomplete': {
    exit: 2,
    title: 'Setup needs an answer',
    detail: '{problem}.',
    action: 'Give it as {flag}, or run `classroom-tunnel setup` in a terminal, where it asks.',
  },
  'setup-unwritable': {
    exit: 1,
    title: 'Setup cannot write',
    detail: '{file}: {problem}.',
    action:
      'Run it as root (`sudo classroom-tunnel setup`), or name a place that this account may write; run again, it goes on where it stopped.',
  },
  'socket-foreign': {
    exit: 77,
    title: 'The relay has no safe place',
    detail: "The folder {folder} cannot be used for {user}'s relay: {problem}.",
    action: 'Remove it; it is made anew, with the right owner and mode.',
  },
  'teacher-only': {
    exit: 77,
    title: 'This is for the teacher',
    detail: "`{what}` may not be called through the students' sudo rule.",
    action: 'Ask your teacher.',
  },
} as const satisfies Record<string, Message>;

export type ErrorCode = keyof typeof messages;

/** An error that a person can mend. Anything else that is thrown is a bug and shows its stack. */
export class MendableError extends Error {
  override readonly name = 'MendableError';
  constructor(
    readonly code: ErrorCode,
    readonly facts: Facts = {},
    options?: ErrorOptions,
  ) {
    super(fill(messages[code].detail, facts), options);
  }
  get title(): string {
    return messages[this.code].title;
  }
  get action(): string {
    return fill(messages[this.code].action, this.facts);
  }
  get exitCode(): number {
    return messages[this.code].exit;
  }
  /** Seconds after which it makes sense to try again; undefined where time alone mends nothing. */
  get retryAfterSeconds(): number | undefined {
    const { seconds, status } = this.facts;
    if (this.code === 'rate-limited') return typeof seconds === 'number' ? seconds : undefined;
    const isRefusal = typeof status === 'number' && status >= 400 && status < 500 && status !== 409;
    const isOutage = this.code === 'api-unreachable' || (this.code === 'api-failed' && !isRefusal);
    return isOutage ? outageSeconds : undefined;
  }

  /** For the outcome file of a request: another process made the error, its requester reports it. */
  toJSON(): { code: ErrorCode; facts: Facts } {
    return { code: this.code, facts: this.facts };
  }
  static fromJSON(json: { code: string; facts?: Facts }): MendableError {
    return json.code in messages
      ? new MendableError(json.code as ErrorCode, json.facts)
      : new MendableError('api-failed', {
          call: json.code,
          status: '',
          problem: 'an error that this version does not know',
        });
  }
}

/** The three lines that a person reads. */
export function explain(error: MendableError): string {
  return `${error.title}. ${error.message}\n${error.action}`;
}

function fill(template: string, facts: Facts): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = facts[name];
    return value === undefined ? whole : String(value);
  });
}
