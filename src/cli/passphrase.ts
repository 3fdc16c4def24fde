// The teacher's command `passphrase`: makes the sites of the class private, or public again.
import { text } from 'node:stream/consumers';
import { exitCodes } from '../messages/exitCodes.ts';
import { parseConfig } from '../provisioning/config.ts';
import { FixableError } from '../provisioning/errors.ts';
import { isRelayService } from '../provisioning/publications.ts';
import { Publisher } from '../provisioning/publisher.ts';
import { hashPassphrase, normalizePassphrase } from '../relay/passphrase.ts';
import { listenerOf, readPublications, type ActionContext } from './actions.ts';
import { saveConfig, withKeys } from './saveConfig.ts';
import { openContext, openSession, readSession } from './session.ts';
import { atTerminal, cancelled } from './setup/prompts.ts';

export interface PassphraseOptions {
  /** The class stays public; students may make their own sites private. */
  readonly optional?: boolean;
  readonly remove?: boolean;
}

/** Characters. */
const lengths = { least: 6, most: 200 } as const;

/** @returns the exit code @throws FixableError `usage`, `config-unwritable` */
export async function passphrase(context: ActionContext, { optional, remove }: PassphraseOptions): Promise<number> {
  const { config } = readSession(context);
  try {
    const passphraseHash = remove ? undefined : await hashPassphrase(await readPassphrase(context));
    const visibility = remove || optional ? 'public' : 'class';
    saveConfig(
      config.file,
      (content) => withKeys(content, { visibility, passphraseHash }),
      (content) => parseConfig(config.file, content, config.machine),
    );
    const removed = visibility === 'class' ? await takeUnrelayedDown(context) : [];
    const event = { event: 'passphrase', visibility, isSet: passphraseHash !== undefined, removed };
    context.report.answer([said(visibility, remove), ...removed.map((name) => `Removed ${name}.`)].join('\n'), event);
    return exitCodes.done;
  } catch (error) {
    if (error !== cancelled) throw error;
    context.report.warn('Cancelled; nothing was changed.');
    return exitCodes.failed;
  }
}

function said(visibility: 'public' | 'class', remove: boolean | undefined): string {
  if (visibility === 'class') return 'The sites of the class are private: visitors must enter the passphrase.';
  return remove
    ? 'The sites of the class are public, and there is no passphrase.'
    : 'The passphrase is set. The class is public; a student can make their own sites private.';
}

/** Asks twice at a terminal, without showing it; otherwise reads the first line of standard input. */
async function readPassphrase(context: ActionContext): Promise<string> {
  const fault = (given: string): string | undefined => {
    const { length } = normalizePassphrase(given);
    return length < lengths.least || length > lengths.most
      ? `A passphrase has ${lengths.least} to ${lengths.most} characters`
      : undefined;
  };
  if (!process.stdin.isTTY) {
    const given = (await text(process.stdin)).split(/\r?\n/)[0] ?? '';
    const problem = fault(given);
    if (problem) throw new FixableError('usage', { problem: `${problem}. It is read from standard input` });
    context.report.hide(given);
    return given;
  }
  const asker = await atTerminal();
  const question = { flag: 'standard input', message: 'The passphrase for visitors', check: fault };
  const given = await asker.secret(question);
  const check = (again: string) => (again === given ? undefined : 'This is not the same');
  await asker.secret({ ...question, message: 'The same again', check });
  return given;
}

/** Takes down the sites that visitors reach without a relay. @returns their hostnames */
async function takeUnrelayedDown(context: ActionContext): Promise<string[]> {
  const { report, env, stop } = context;
  const session = openSession(report, context);
  const open = (await readPublications(session.config, report)).filter(({ service }) => !isRelayService(service));
  if (open.length === 0) return [];
  const publisher = await Publisher.open(openContext(session, report, env));
  const outcomes = await Promise.all(
    open.map((site) => publisher.request({ kind: 'unpublish', site }, listenerOf(report), stop)),
  );
  for (const outcome of outcomes) if (outcome.kind === 'error') throw FixableError.fromJSON(outcome.error);
  return open.map(({ hostname }) => hostname);
}
