// The configuration file: its keys, their defaults, and what it says about a user.
import { dirname, resolve } from 'node:path';
import * as z from 'zod/mini';
import { textOf, type Text } from '../messages/texts.ts';
import { shieldParts } from '../relay/shield.ts';
import type { ShieldPart } from '../relay/shield.ts';
import { findOriginRequestFault } from './configFault.ts';
import { FixableError } from './errors.ts';
import { extraRange, isExtraPort, labelAt, type ExtraPortKeys } from './extraPorts.ts';
import { makeHostname } from './hostname.ts';
import { hashPattern } from '../relay/passphraseHash.ts';
import { openingHoursFault } from './openingHours.ts';

const port = z.int().check(z.minimum(1), z.maximum(65535));
const id = z.string().check(z.regex(/^[\w-]+$/, 'is not an id: copy it from the Cloudflare dashboard'));
const text = z.string().check(z.minLength(1, 'is empty'));

const label = z
  .string()
  .check(
    z.regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'is not a label: up to 63 lower case letters, digits and hyphens'),
  );
const openTime = z
  .string()
  .check(
    z.refine((value) => openingHoursFault(value) === undefined, {
      error: ({ input }) => openingHoursFault(String(input)),
    }),
  );

export const configDefaults = {
  publicUrl: 'https://{hostname}',
  stateDir: '/var/lib/classroom-tunnel',
  commandSocket: '/run/classroom-tunnel/command.sock',
  commands: ['npm run dev', 'npm start'],
  portVariable: 'PORT',
  studentGroup: 'students',
  maxSitesPerUser: 3,
  lockTimeoutSeconds: 10,
  keepRecordMinutes: 60,
  apiBaseUrl: 'https://api.cloudflare.com/client/v4',
};

/** The keys of the configuration file. The README's table explains each. */
const schema = z.strictObject({
  $schema: z.optional(z.string()),
  accountId: id,
  tunnelId: id,
  zoneId: id,
  hostname: text,
  publicUrl: z._default(text, configDefaults.publicUrl),
  tokenFile: z.optional(text),
  stateDir: z._default(text, configDefaults.stateDir),
  commandSocket: z._default(text, configDefaults.commandSocket),
  commands: z._default(z.array(text).check(z.minLength(1, 'names no command')), configDefaults.commands),
  portVariable: z._default(
    z.string().check(z.regex(/^[A-Za-z_]\w*$/, 'is not a variable name')),
    configDefaults.portVariable,
  ),
  ports: z.optional(z.record(z.string(), port)),
  formerPorts: z.optional(z.record(z.string(), port)),
  labels: z._default(z.record(z.string(), label), {}),
  names: z._default(z.record(z.string(), text), {}),
  studentGroup: z._default(text, configDefaults.studentGroup),
  portRange: z.optional(z.tuple([port, port])),
  extraPorts: z.optional(
    z.union([z.boolean(), z.tuple([port, port])], 'must be true, or a first and a last port, such as [5000, 5099]'),
  ),
  maxSitesPerUser: z._default(z.int().check(z.minimum(1)), configDefaults.maxSitesPerUser),
  lockTimeoutSeconds: z._default(z.number().check(z.positive()), configDefaults.lockTimeoutSeconds),
  keepRecordMinutes: z._default(z.number().check(z.minimum(0)), configDefaults.keepRecordMinutes),
  apiBaseUrl: z._default(z.url('is not a URL'), configDefaults.apiBaseUrl),
  connectorUrl: z.optional(z.nullable(z.url('is not a URL'))),
  originRequest: z.optional(z.record(z.string(), z.unknown())),
  dns: z._default(z.enum(['perHost', 'wildcard']), 'perHost'),
  machine: z.optional(text),
  allowUserOverride: z._default(z.boolean(), false),
  teachers: z._default(z.array(text), []),
  openingHours: z._default(z.array(openTime), []),
  visibility: z._default(z.enum(['public', 'class']), 'public'),
  passphraseHash: z.optional(
    z.string().check(z.regex(hashPattern, 'is not a hash: `classroom-tunnel passphrase` writes it')),
  ),
  allowForVisitors: z._default(z.array(z.enum(Object.keys(shieldParts) as ShieldPart[])), []),
});

/** The configuration, complete and valid. Paths are absolute. */
export type Config = Readonly<Omit<z.output<typeof schema>, 'machine' | 'originRequest' | 'tokenFile'>> & {
  readonly file: string;
  readonly machine: string;
  readonly tokenFile: string | undefined;
  readonly originRequest: Readonly<Record<string, unknown>> | undefined;
};

/**
 * Reads the text of a configuration file.
 * @param machine the name of this machine, where the file names none
 * @throws FixableError `config-invalid`, `hostname-invalid`: one message that names the file, the key and the fix
 */
export function parseConfig(file: string, content: string, machine: string): Config {
  const result = schema.safeParse(parseJson(file, content), { reportInput: true });
  if (!result.success) throw invalid(file, result.error.issues[0]);
  const config = result.data;
  const { originRequest, tokenFile } = config;
  const folder = dirname(resolve(file));
  const [first = 0, last = 0] = config.portRange ?? [];
  if (first > last)
    throw fault(file, '`portRange` ends before it begins', 'Write the lower port first, for example [3000, 3099].');
  const [firstExtra = 0, lastExtra = 0] = extraRange(config) ?? [];
  if (firstExtra > lastExtra)
    throw fault(file, '`extraPorts` ends before it begins', 'Write the lower port first, for example [5000, 5099].');
  if (!config.publicUrl.includes('{hostname}'))
    throw fault(file, '`publicUrl` does not contain {hostname}', 'Write for example "https://{hostname}".');
  const wrong = findOriginRequestFault(originRequest);
  if (wrong) throw fault(file, wrong, 'Correct this value: cloudflared would refuse the whole configuration.');
  // A template that can make no name is an error now, not when the first student publishes.
  makeHostname(config.hostname, { user: 'student1', port: 3000, machine });
  return {
    ...config,
    file,
    machine: config.machine ?? machine,
    stateDir: resolve(folder, config.stateDir),
    commandSocket: resolve(folder, config.commandSocket),
    apiBaseUrl: config.apiBaseUrl.replace(/\/+$/, ''),
    tokenFile: tokenFile === undefined ? undefined : resolve(folder, tokenFile),
    originRequest,
  };
}

/** The port that the configuration assigns to this user; undefined if it assigns none. */
export function assignedPort(config: Config, user: string): number | undefined {
  return config.ports && Object.hasOwn(config.ports, user) ? config.ports[user] : undefined;
}

/** @throws FixableError `port-not-allowed` where the configuration does not give this port to this user */
export function checkPort(config: Config, user: string, port: number): void {
  const refuse = (problem: Text, fix: Text) => {
    throw new FixableError('port-not-allowed', { port, user, problem, fix });
  };
  if (config.ports) {
    const own = assignedPort(config, user);
    if (own === port) return;
    const twin = isExtraPort(config, user, port) ? userAt(config, hostnameOf(config, user, port)) : undefined;
    if (isExtraPort(config, user, port) && twin === undefined) return;
    const owner = Object.keys(config.ports).find((name) => config.ports?.[name] === port);
    const problem = twin
      ? textOf('its hostname {hostname} belongs to {owner}', { hostname: hostnameOf(config, user, port), owner: twin })
      : owner
        ? textOf('it belongs to {owner}', { owner })
        : own === undefined
          ? textOf('the configuration gives this user none')
          : textOf('no user has this port');
    refuse(
      problem,
      own === undefined
        ? textOf('Ask your teacher to add {user} to `ports` in {file}.', { user, file: config.file })
        : textOf('Yours is {own}: start the command with {variable}={own}.', { own, variable: config.portVariable }),
    );
  }
  const [first = 1, last = 65535] = config.portRange ?? [];
  if (port < first || port > last)
    refuse(
      textOf('it is outside {first} to {last}', { first, last }),
      textOf('Start the command with {variable} set to a port from {first} to {last}.', {
        variable: config.portVariable,
        first,
        last,
      }),
    );
}

/** The hostname of this user's site at this port. @throws FixableError `hostname-invalid` */
export function hostnameOf(
  config: Pick<Config, 'hostname' | 'labels' | 'machine'> & ExtraPortKeys,
  user: string,
  port: number,
): string {
  const label = Object.hasOwn(config.labels, user) ? config.labels[user] : undefined;
  return makeHostname(config.hostname, {
    user: labelAt(config, user, label ?? user, port),
    port,
    machine: config.machine,
  });
}

/** The user whose assigned port has this hostname. */
function userAt(config: Config, hostname: string): string | undefined {
  return Object.entries(config.ports ?? {}).find(([user, port]) => hostnameOf(config, user, port) === hostname)?.[0];
}

/** The address that people open. */
export function publicUrl(config: Pick<Config, 'publicUrl'>, hostname: string): string {
  return config.publicUrl.replaceAll('{hostname}', hostname);
}

function parseJson(file: string, content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    // V8's quote of the text is left out: a caller may name any file of this account as the configuration.
    const problem = (error as Error).message.replace(/, (\.\.\.)?".*/s, '');
    throw fault(file, `it is not JSON: ${problem}`, 'Check commas, quotes and braces.');
  }
}

function invalid(file: string, issue: z.core.$ZodIssue | undefined): FixableError {
  const key = issue?.path.join('.') ?? '';
  if (issue?.code === 'unrecognized_keys') {
    const names = issue.keys.map((name) => `\`${key ? `${key}.` : ''}${name}\``).join(', ');
    return fault(
      file,
      `${names} is not a key`,
      `Remove it, or correct its spelling; the keys are ${Object.keys(schema.def.shape).join(', ')}.`,
    );
  }
  if (issue?.code === 'invalid_type' && issue.input === undefined) {
    return fault(
      file,
      `\`${key}\` is missing`,
      `Add "${key}" to the file; \`classroom-tunnel setup\` asks for everything it needs.`,
    );
  }
  if (key === '')
    return fault(file, `it ${expectation(issue)}`, 'Write one JSON object with the keys that the README lists.');
  return fault(file, `\`${key}\` ${expectation(issue)}`, `Correct the value of "${key}".`);
}

function expectation(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'invalid_type')
    return `has the wrong type: it must be ${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`;
  if (issue?.code === 'invalid_value')
    return `must be one of ${issue.values.map((value) => `"${String(value)}"`).join(', ')}`;
  if (issue?.code === 'too_big') return `must be at most ${issue.maximum}`;
  if (issue?.code !== 'too_small') return issue?.message ?? 'is not valid';
  if (issue.origin === 'array' || issue.origin === 'string') return 'is empty or too short';
  return issue.inclusive ? `must be at least ${issue.minimum}` : `must be more than ${issue.minimum}`;
}

function fault(file: string, problem: string, fix: string): FixableError {
  return new FixableError('config-invalid', { file, problem, fix });
}
