// The list of a class, as `list --json` prints it and as the class view shows it. Pure.
import { parseJson } from '../../json.ts';
import { readText, say, t, type Text } from '../../messages/texts.ts';
import { stateName } from '../stateNames.ts';

export interface LiveSite {
  readonly user: string;
  readonly port: number;
  readonly hostname: string;
  readonly url: string;
  /** ISO 8601. */
  readonly since: string;
  /** The status that the student's window reports; undefined where there is none. */
  readonly status: SiteStatus | undefined;
}

export interface SiteStatus {
  /** `live`, `waiting`, `stopped`, … */
  readonly state: string;
  readonly server: string | undefined;
  /** The reason why visitors get no page. */
  readonly problem: string | undefined;
  /** The same, to be worded in the teacher's language. */
  readonly reason?: Text | undefined;
  readonly visitors?: VisitorNumbers | undefined;
}

/** Browsers that are there now, and all since the site's relay started. */
export interface VisitorNumbers {
  readonly now: number;
  readonly inAll: number;
}

export interface ClassList {
  readonly live: readonly LiveSite[];
  readonly stopped: readonly { readonly user: string; readonly since: string }[];
  readonly paused: readonly { readonly user: string | undefined; readonly until?: string; readonly message?: string }[];
  readonly closed: { readonly until: string; readonly message: string } | undefined;
}

export interface Row {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  readonly icon: 'globe' | 'debug-stop' | 'debug-pause' | 'warning' | 'loading';
  /** Undefined: the row is about everyone. */
  readonly user: string | undefined;
  /** For the conditions of its commands. */
  readonly kind: 'live' | 'stopped' | 'paused' | 'everyone';
  /** The address that a click opens. */
  readonly url: string | undefined;
}

export interface ClassView {
  readonly rows: readonly Row[];
  readonly badge: number;
}

/** @returns undefined if the line is not a list */
export function readClassList(line: string): ClassList | undefined {
  const fields = record(parseJson(line));
  if (fields['event'] !== 'list') return undefined;
  const closed = record(fields['closed']);
  return {
    live: items(fields['publications']).flatMap((one) => readSite(one) ?? []),
    stopped: items(fields['stopped']).map((one) => ({ user: text(one['user']), since: text(one['since']) })),
    paused: items(fields['paused']).map(({ user, until, message }) => ({
      user: typeof user === 'string' ? user : undefined,
      ...(typeof until === 'string' && { until }),
      ...(typeof message === 'string' && { message }),
    })),
    closed:
      typeof closed['until'] === 'string' ? { until: closed['until'], message: text(closed['message']) } : undefined,
  };
}

/** The content of the view. @param clock the time of an ISO 8601 text, for people */
export function classView({ live, stopped, paused, closed }: ClassList, clock: (time: string) => string): ClassView {
  const pausedUntil = (time: string | undefined) =>
    time === undefined ? t('paused') : t('paused until {time}', { time: clock(time) });
  const about = (
    user: string | undefined,
    what: string,
    message: string,
  ): Pick<Row, 'label' | 'description' | 'tooltip' | 'user'> => ({
    label: user ?? t('Everyone'),
    description: what,
    tooltip: [`${user ?? t('Everyone')}: ${what}`, message].filter(Boolean).join('\n'),
    user,
  });
  const everyone = paused.filter(({ user }) => user === undefined);
  const single = paused.filter(({ user }) => user !== undefined);
  const pauseRow = ({ user, until: end, message = '' }: ClassList['paused'][number]): Row => ({
    ...{
      id: `paused ${user ?? ''}`,
      icon: 'debug-pause',
      kind: user === undefined ? 'everyone' : 'paused',
      url: undefined,
    },
    ...about(user, pausedUntil(end), message),
  });
  const rows: Row[] = [
    ...(closed
      ? [{ ...pauseRow({ user: undefined, until: closed.until, message: closed.message }), id: 'closed' }]
      : []),
    ...everyone.map(pauseRow),
    ...[...live].sort((a, b) => byName.compare(a.user, b.user)).map((site) => liveRow(site, clock)),
    ...stopped.map(({ user, since }): Row => ({
      ...{ id: `stopped ${user}`, icon: 'debug-stop', kind: 'stopped', url: undefined },
      ...about(
        user,
        t('stopped at {time}', { time: clock(since) }),
        t('A server that is started later is published again.'),
      ),
    })),
    ...single.map(pauseRow),
  ];
  const ids = new Set<string>();
  return { rows: rows.filter(({ id }) => !ids.has(id) && ids.add(id)), badge: live.length };
}

/** The addresses of all live sites, one a line. */
export function allLinks({ live }: ClassList): string {
  return live.map(({ user, url }) => `${user}: ${url}`).join('\n');
}

function liveRow({ user, hostname, url, since, status }: LiveSite, clock: (time: string) => string): Row {
  const { state = 'live', server, reason, visitors } = status ?? {};
  const problem = reason ? say(reason) : status?.problem;
  const isShown = state === 'live' && problem === undefined;
  const what = problem === undefined ? stateName(state) : `${stateName(state)}: ${problem}`;
  const count = visitors && t('visitors: {now} now, {inAll} in all', { ...visitors });
  return {
    id: `live ${hostname}`,
    label: user,
    description: [t('{state} since {time}', { state: what, time: clock(since) }), server, count]
      .filter((part) => part !== undefined)
      .join(' · '),
    tooltip: [url, what, server, count].filter((part) => part !== undefined).join('\n'),
    icon: isShown ? 'globe' : problem === undefined ? 'loading' : 'warning',
    ...{ user, kind: 'live', url },
  };
}

/** student2 comes before student10. */
const byName = new Intl.Collator('en', { numeric: true });

function readSite(fields: Fields): LiveSite | undefined {
  const { user, port, hostname, url, since } = fields;
  if (typeof port !== 'number' || !/^https?:\/\//.test(text(url))) return undefined;
  const status = record(fields['status']);
  return {
    ...{ user: text(user), port, hostname: text(hostname), url: text(url), since: text(since) },
    status:
      typeof status['state'] === 'string'
        ? {
            state: status['state'],
            server: optional(status['server']),
            problem: optional(status['problem']),
            reason: readText(status['reason']),
            visitors: readVisitors(status['visitors']),
          }
        : undefined,
  };
}

/** @returns undefined unless it has both numbers */
export function readVisitors(value: unknown): VisitorNumbers | undefined {
  const { now, inAll } = record(value);
  return Number.isSafeInteger(now) && Number.isSafeInteger(inAll)
    ? { now: Number(now), inAll: Number(inAll) }
    : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const record = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const items = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(record) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const optional = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
