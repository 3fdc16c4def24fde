// Messages of the window and the shell hooks to a student about their site. Pure.
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
  'command-not-seen': {
    exit: exitCodes.failed,
    title: '{command} not found',
    detail: '{command} was typed, but no process of it runs in this terminal yet.',
    action: 'It becomes public as soon as it runs. If your server runs already, use Republish.',
  },
  'command-ended': {
    exit: exitCodes.failed,
    title: '{command} ended',
    detail: '{command} ended{reason} before it was public.',
    action: 'The terminal shows why. Correct that and start it again.',
  },
  'command-of-other-user': {
    exit: exitCodes.notAllowed,
    title: '{command} runs under another account',
    detail: '{command} runs under another account than yours, so it is not published.',
    action: 'Start it without sudo.',
  },
  'no-configuration': {
    exit: exitCodes.configuration,
    title: 'no port yet',
    detail: '{command} runs without a port, and Classroom Tunnel is still asking which port is yours.',
    action: 'Wait a moment. If this stays, ask your teacher to run `classroom-tunnel doctor`.',
  },
  'shell-replaced': {
    exit: exitCodes.failed,
    title: 'the terminal restarted',
    detail: 'The terminal was restarted while {command} was starting, which ended it.',
    action: 'Type it again.',
  },
  'request-blocked': {
    exit: exitCodes.notAllowed,
    title: 'A request was blocked',
    detail: 'A visitor of {hostname} asked for {target}, which a development server has for its developer alone.',
    action: 'There is nothing to do: it was not answered. If your site needs it, your teacher can allow it.',
  },
  'unsafe-version': {
    exit: exitCodes.failed,
    title: '{name} {version} has known security holes',
    detail: 'Your site is public, so anyone can use them.',
    action: 'Stop your server, type `{fix}` and start it again.',
  },
  'port-blocked': {
    exit: exitCodes.failed,
    title: 'Another server of yours holds port {port}',
    detail:
      '{program} listens there. It belongs to no terminal of your site: its terminal is closed, or of another window.',
    action: 'End it, and start your server again.',
  },
  'local-link': {
    exit: exitCodes.failed,
    title: 'Visitors cannot reach {address}',
    detail: "{place} asks {address}, which is each visitor's own machine.",
    action:
      'Use an address without a host there, such as /api, and let your dev server pass it on (for Vite: server.proxy).',
  },
  'second-server': {
    exit: exitCodes.failed,
    title: 'A second server is not public',
    detail: 'Visitors of your link see your server on port {port}, not the one on port {other}.',
    action: 'Show Another Server shows it instead.',
  },
  'site-moved': {
    exit: exitCodes.failed,
    title: 'Your link leads to another server',
    detail: 'Visitors of your link see your server on port {port} now, and no longer the one on port {previous}.',
    action: 'If that one is not meant for visitors, stop it.',
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
