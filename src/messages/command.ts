// Messages of the command to a person who can fix the cause. Pure.
import { exitCodes } from './exitCodes.ts';
import { permissions } from './permissions.ts';

export const commandMessages = {
  usage: {
    exit: exitCodes.usage,
    title: 'Invalid usage',
    detail: '{problem}',
    action: 'See `classroom-tunnel --help`.',
  },
  'config-missing': {
    exit: exitCodes.configuration,
    title: 'There is no configuration',
    detail: 'The configuration file {file} does not exist.',
    action: 'Run `classroom-tunnel setup`, or name another file in CLASSROOM_TUNNEL_CONFIG.',
  },
  'config-unreadable': {
    exit: exitCodes.configuration,
    title: 'The configuration cannot be read',
    detail: '{file}: {problem}.',
    action: 'Give the account that runs classroom-tunnel the right to read this file.',
  },
  'config-invalid': {
    exit: exitCodes.configuration,
    title: 'The configuration has a mistake',
    detail: '{file}: {problem}.',
    action: '{fix}',
  },
  'token-missing': {
    exit: exitCodes.configuration,
    title: 'There is no API token',
    detail: '{file} names no `tokenFile`, and CLOUDFLARE_API_TOKEN is not set.',
    action: 'Put the token into a file of its own and name it as `tokenFile`.',
  },
  'token-unreadable': {
    exit: exitCodes.configuration,
    title: 'The API token cannot be read',
    detail: 'The token file {file}: {problem}.',
    action: 'Check `tokenFile` in {config}, and that the account that runs classroom-tunnel may read it.',
  },
  'token-rejected': {
    exit: exitCodes.notAllowed,
    title: 'Cloudflare refuses the API token',
    detail: 'Cloudflare answered {status} ({problem}) to {call}.',
    action: `Make a token with the permissions ${permissions.tunnel} and ${permissions.records} for this account and zone; \`classroom-tunnel doctor\` checks it.`,
  },
  'hostname-invalid': {
    exit: exitCodes.configuration,
    title: 'The hostname template makes no valid name',
    detail: '`hostname` "{template}" makes "{hostname}" for {user}: {problem}.',
    action: 'Change `hostname` in the configuration, for example to "{example}".',
  },
  'tunnel-unknown': {
    exit: exitCodes.configuration,
    title: 'Cloudflare does not know the tunnel',
    detail: 'There is no tunnel {tunnel} in account {account}.',
    action: 'Check `accountId` and `tunnelId` in the configuration.',
  },
  'tunnel-local': {
    exit: exitCodes.configuration,
    title: 'The tunnel is managed by a local file',
    detail:
      'The tunnel {tunnel} takes its configuration from a file beside cloudflared, and ignores the one at Cloudflare.',
    action: 'Migrate the tunnel in the dashboard, or make a remotely-managed one with `classroom-tunnel setup`.',
  },
  'tunnel-invalid': {
    exit: exitCodes.failed,
    title: "The tunnel's configuration is not valid",
    detail: 'The configuration of tunnel {tunnel} at Cloudflare has a rule that cloudflared would refuse: {problem}.',
    action: 'Fix this rule in the dashboard; nothing was changed.',
  },
  'connector-behind': {
    exit: exitCodes.busy,
    title: 'The connector does not have the site yet',
    detail: 'cloudflared on this machine has not loaded the configuration that {hostname} needs: {problem}.',
    action: 'Try again in a moment; if it persists, the log of cloudflared says why it refuses the configuration.',
  },
  'connector-disconnected': {
    exit: exitCodes.busy,
    title: 'The connector is not connected to Cloudflare',
    detail: 'cloudflared on this machine has no connection to Cloudflare, so no visitor reaches {hostname}.',
    action: 'Ask your teacher: the server must reach port 7844 outward, over UDP or TCP.',
  },
  'zone-unknown': {
    exit: exitCodes.configuration,
    title: 'Cloudflare does not know the zone',
    detail: 'There is no zone {zone}, or the token may not see it.',
    action: 'Check `zoneId` in the configuration, and that the token covers this zone.',
  },
  'api-unreachable': {
    exit: exitCodes.failed,
    title: 'Cloudflare cannot be reached',
    detail: '{call}: {problem}.',
    action: 'Check the network of this server, then try again.',
  },
  'api-failed': {
    exit: exitCodes.failed,
    title: 'Cloudflare answered with an error',
    detail: '{call}: {status} {problem}.',
    action: 'Try again in a moment; if the error persists, see cloudflarestatus.com.',
  },
  'rate-limited': {
    exit: exitCodes.busy,
    title: 'Cloudflare limits the rate of calls',
    detail:
      'Too many calls were made by the owner of this token, with any token or in the dashboard; all are blocked until {until} ({seconds} s from now).',
    action: 'Try again after that. A token that belongs to the account has a limit of its own.',
  },
  busy: {
    exit: exitCodes.busy,
    title: 'Another change is in progress',
    detail: 'Waited {seconds} s for the lock without any progress.',
    action: 'Try again in a moment.',
  },
  'port-not-allowed': {
    exit: exitCodes.notAllowed,
    title: 'This is not your port',
    detail: '{user} may not publish port {port}: {problem}.',
    action: '{fix}',
  },
  'port-held': {
    exit: exitCodes.notAllowed,
    title: 'The port is in use',
    detail: 'Port {port} is published by {owner} as {hostname}.',
    action: 'Use the port that belongs to you.',
  },
  'hostname-taken': {
    exit: exitCodes.failed,
    title: 'The hostname is taken',
    detail: '{hostname} is in use: {problem}.',
    action: 'It was left as it is. Ask your teacher.',
  },
  'record-refused': {
    exit: exitCodes.failed,
    title: 'Cloudflare refuses the DNS record',
    detail: 'The record for {hostname} was refused: {problem}.',
    action: 'Ask your teacher; nothing was changed.',
  },
  'limit-reached': {
    exit: exitCodes.notAllowed,
    title: 'You have reached a limit',
    detail: '{problem}.',
    action: 'Stop one of your dev servers, or ask your teacher to raise `maxSitesPerUser`.',
  },
  'quota-reached': {
    exit: exitCodes.failed,
    title: 'The zone is full',
    detail: 'The record for {hostname} was refused: {problem}.',
    action: 'Remove records that are not needed, or use `"dns": "wildcard"` with one wildcard record.',
  },
  'rule-foreign': {
    exit: exitCodes.failed,
    title: 'This rule was not made by classroom-tunnel',
    detail: 'The rule {hostname} for port {port} has no marker of classroom-tunnel, so it was left as it is.',
    action: 'Remove it in the Cloudflare dashboard if it is not needed.',
  },
  'lock-lost': {
    exit: exitCodes.busy,
    title: 'This process was stopped for too long',
    detail: 'It lost the lock {file} and wrote nothing more.',
    action: 'Try again: the next run repairs what was left unfinished.',
  },
  'state-unwritable': {
    exit: exitCodes.failed,
    title: 'The state folder cannot be used',
    detail: '{file}: {problem}.',
    action: 'Check that the disk is not full and that this account may write `stateDir`.',
  },
  'request-unreadable': {
    exit: exitCodes.failed,
    title: 'A request in the queue cannot be read',
    detail: '{file}: {problem}.',
    action: 'Are two versions of classroom-tunnel installed? Update both, and try again.',
  },
  'backup-unknown': {
    exit: exitCodes.failed,
    title: 'There is no such configuration',
    detail: '"{name}" is not one of the configurations kept in {folder}.',
    action: 'Run `classroom-tunnel restore` without a name to see them.',
  },
  'socket-foreign': {
    exit: exitCodes.notAllowed,
    title: 'The relay has no safe place',
    detail: "The folder {folder} cannot be used for {user}'s relay: {problem}.",
    action:
      'Ask your teacher to remove it (`sudo rm -r {folder}`), and start your server again: it is created with the right owner.',
  },
  'relay-missing': {
    exit: exitCodes.configuration,
    title: 'The relay is not installed',
    detail: 'There is no relay.cjs in {folders}.',
    action: 'Ask your teacher to install dist/relay.cjs there (README, "The program").',
  },
  'relay-failed': {
    exit: exitCodes.failed,
    title: 'The relay did not start',
    detail: 'The relay between visitors and your server did not start: {problem}.',
    action: 'Tell your teacher: `sudo classroom-tunnel doctor` checks the folder of the relays.',
  },
  'holder-foreign': {
    exit: exitCodes.notAllowed,
    title: 'This is not your process',
    detail: 'Process {pid} belongs to {owner}, so it cannot hold a site of {user}.',
    action: 'Name a process of your own as `--holder-pid`.',
  },
  'service-unreachable': {
    exit: exitCodes.failed,
    title: "The class's service does not run",
    detail: '{socket}: {problem}.',
    action: 'Ask your teacher to run `sudo systemctl enable --now classroom-tunnel.socket`.',
  },
  'service-busy': {
    exit: exitCodes.busy,
    title: "The class's service is busy",
    detail: 'It closed the connection: too many commands run at the same time, or it was stopped.',
    action: 'Try again in a moment.',
  },
  'service-request': {
    exit: exitCodes.usage,
    title: 'The service did not understand the command',
    detail: 'The request was not complete within some seconds, was too long, or came from another version.',
    action: 'Are two versions of classroom-tunnel installed? Update both, and try again.',
  },
  'service-peer': {
    exit: exitCodes.usage,
    title: 'This serves a connection only',
    detail: '"{peer}" does not name a peer.',
    action: 'systemd starts it: see classroom-tunnel@.service.',
  },
  'sudo-refused': {
    exit: exitCodes.notAllowed,
    title: 'This class still uses the old sudo rule',
    detail: 'Students no longer run the command through sudo: the rule let them read the API token.',
    action:
      'Ask your teacher to run `sudo classroom-tunnel setup`, which says how to move the class. A teacher runs commands as root.',
  },
} as const;
