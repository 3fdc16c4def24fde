// Answers from a file, for set-ups without a person.
import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { FixableError } from '../../provisioning/errors.ts';
import { reasonOf } from '../readRegularFile.ts';
import type { SetupOptions } from './answers.ts';
import { parsePortRange, parsePorts } from './ports.ts';

const text = z.optional(z.string());

const schema = z.strictObject({
  account: text,
  zone: text,
  tunnel: text,
  createTunnel: text,
  hostname: text,
  group: text,
  /** Accounts that become members of the group. */
  students: z.optional(z.array(z.string())),
  ports: z.optional(z.union([z.string(), z.record(z.string(), z.number())])),
  portRange: z.optional(z.union([z.string(), z.tuple([z.number(), z.number()])])),
  mode: z.optional(z.enum(['service', 'shared'])),
  serviceAccount: text,
  stateDir: text,
  tokenFile: text,
  connectorTokenFile: text,
  apiBaseUrl: text,
});

/** @throws FixableError `answers-invalid` */
export function readAnswers(file: string): Partial<SetupOptions> {
  try {
    return parseAnswers(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new FixableError('answers-invalid', { file, problem: reasonOf(error) });
  }
}

/** The options that this JSON stands for. @throws Error whose message says what is wrong. Pure. */
export function parseAnswers(content: string): Partial<SetupOptions> {
  const parsed = schema.safeParse(JSON.parse(content));
  if (!parsed.success) throw new Error(faultOf(parsed.error.issues[0]));
  const { ports, portRange, ...others } = parsed.data;
  const answers = {
    ...others,
    ports: ports && parsePorts(asList(ports)),
    portRange: portRange && parsePortRange(typeof portRange === 'string' ? portRange : portRange.join('-')),
  };
  return Object.fromEntries(Object.entries(answers).filter(([, value]) => value !== undefined));
}

function asList(ports: string | Readonly<Record<string, number>>): string {
  if (typeof ports === 'string') return ports;
  return Object.entries(ports)
    .map(([user, port]) => `${user}=${port}`)
    .join(',');
}

function faultOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'unrecognized_keys')
    return `"${issue.keys.join('", "')}" is not an answer; the answers are ${Object.keys(schema.def.shape).join(', ')}`;
  return issue === undefined || issue.path.length === 0
    ? 'it is not an object of answers'
    : `"${issue.path.join('.')}" has the wrong form`;
}
