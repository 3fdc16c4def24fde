// Messages of the set-up to a teacher. Pure.
import { exitCodes } from './exitCodes.ts';

export const setupMessages = {
  'setup-incomplete': {
    exit: exitCodes.usage,
    title: 'Setup needs an answer',
    detail: '{problem}.',
    action: 'Pass {flag}, or run `classroom-tunnel setup` in a terminal, where it asks.',
  },
  'setup-unwritable': {
    exit: exitCodes.failed,
    title: 'Setup cannot write',
    detail: '{file}: {problem}.',
    action: 'Run it as root (`sudo classroom-tunnel setup`), or name a place that this account may write.',
  },
  'setup-step': {
    exit: exitCodes.failed,
    title: 'A step of the set-up failed',
    detail: '{step}: {problem}.',
    action: 'What setup did before it was undone. Fix the cause, and run it again.',
  },
  'setup-impossible': {
    exit: exitCodes.failed,
    title: 'This machine cannot run a class yet',
    detail: '{problem}.',
    action: '{fix}',
  },
  'answers-invalid': {
    exit: exitCodes.usage,
    title: 'The answers cannot be used',
    detail: '{file}: {problem}.',
    action: 'The README lists the answers (`--answers`).',
  },
  'uninstall-failed': {
    exit: exitCodes.failed,
    title: 'Not everything could be removed',
    detail: '{problem}.',
    action: 'Fix the cause and run `classroom-tunnel uninstall` again: it continues with what is left.',
  },
} as const;
