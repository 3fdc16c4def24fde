// What the window and the shell hooks tell a student about their site. Pure.
import { exitCodes } from './exitCodes.ts';

export const siteMessages = {
  'no-port': {
    exit: exitCodes.failed,
    title: 'Your site is not public',
    detail: 'The command runs without {variable}, so there is no port to publish.',
    action: 'Stop it and start it in a new terminal, or type `{assignment}` first.',
  },
  'port-not-exported': {
    exit: exitCodes.failed,
    title: 'Your site is not public',
    detail: '{variable} is set but not exported, so commands do not see it.',
    action: 'Stop it, type `{assignment}` and start it again.',
  },
  'port-unknown': {
    exit: exitCodes.failed,
    title: 'Your site is not public',
    detail: 'The value of {variable} cannot be read before the command starts.',
    action: 'Stop it, type `{assignment}` and start it again.',
  },
  'port-invalid': {
    exit: exitCodes.failed,
    title: '{variable} is not a port',
    detail: 'The command runs with a {variable} that is not a number from 1 to 65535, so nothing was published.',
    action: 'Stop it, correct {variable} or open a new terminal, and start it again.',
  },
  'port-foreign': {
    exit: exitCodes.notAllowed,
    title: 'Port in use by another user',
    detail: 'A program of {owner} listens on port {port}, so the port is not published under your name.',
    action: 'Start your own server on your own port; if the port stays taken, ask your teacher.',
  },
  'visitors-refused': {
    exit: exitCodes.failed,
    title: '{server} refuses visitors',
    detail: '{problem}.',
    action: 'Change this in {file}: {fix}',
  },
  'guardian-stopped': {
    exit: exitCodes.failed,
    title: 'Your site was taken down',
    detail: 'The process that watches over it was stopped, as happens when the server shuts code-server down.',
    action: 'Use Republish to publish it again.',
  },
  'guardian-failed': {
    exit: exitCodes.failed,
    title: 'Your site is not public',
    detail: 'The process that would take it down again (/bin/sh) could not be started.',
    action: 'Tell your teacher: the server may be out of processes or memory.',
  },
  'no-answer': {
    exit: exitCodes.failed,
    title: 'The command classroom-tunnel does not work here',
    detail: '{file}: {problem}',
    action: 'Ask your teacher to run `classroom-tunnel doctor`, and to check the setting classroomTunnel.command.',
  },
} as const;
