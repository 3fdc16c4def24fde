import type { Answers } from './answers.ts';

export interface NextSteps extends Pick<Answers, 'accountId' | 'hostname' | 'mode' | 'group'> {
  readonly configFile: string;
  readonly isDefaultConfigFile: boolean;
  /** The name of the account that owns the token and the state. */
  readonly serviceAccount: string;
  /** The file in which the connector's token was saved, if it was. */
  readonly connectorTokenFile: string | undefined;
}

const program = '/usr/local/bin/classroom-tunnel';
const connectorTokenFile = '/etc/cloudflared/classroom-tunnel.token';

/** The steps that are left for the teacher, with nothing secret in them. */
export function nextSteps(facts: NextSteps): string {
  const domain = facts.hostname.split('.').slice(1).join('.');
  const steps = [
    connectorStep(facts),
    ...(facts.mode === 'sudo' ? [sudoStep(facts)] : []),
    [
      "Start each student's code-server so that it trusts the links:",
      `  code-server --link-protection-trusted-domains "*.${domain}" …`,
    ],
    [
      "Put this into each student's machine settings (~/.local/share/code-server/Machine/settings.json):",
      ...JSON.stringify(machineSettings(facts), undefined, 2)
        .split('\n')
        .map((line) => `  ${line}`),
    ],
    [
      'Look whether all is well:',
      `  ${facts.isDefaultConfigFile ? '' : `CLASSROOM_TUNNEL_CONFIG=${facts.configFile} `}classroom-tunnel doctor`,
    ],
  ];
  return [
    'What is left to do:',
    ...steps.map(
      (lines, index) => `${index + 1}. ${lines.map((line, row) => (row === 0 ? line : `   ${line}`)).join('\n')}`,
    ),
  ].join('\n\n');
}

/** The rule that lets the students' group run this one program as the service account, and nothing else. */
export function sudoersRule(group: string, serviceAccount: string): string {
  return `%${group} ALL=(${serviceAccount}) NOPASSWD: ${program}`;
}

/** VS Code's settings for a student's window; its own notice of a listening port would stand beside ours. */
export function machineSettings({
  mode,
  serviceAccount,
  isDefaultConfigFile,
  configFile,
}: Pick<NextSteps, 'mode' | 'serviceAccount' | 'isDefaultConfigFile' | 'configFile'>): Record<string, unknown> {
  return {
    'remote.autoForwardPorts': false,
    ...(mode === 'sudo' ? { 'classroomTunnel.command': ['sudo', '-n', '-u', serviceAccount, program] } : {}),
    ...(isDefaultConfigFile ? {} : { 'classroomTunnel.configFile': configFile }),
  };
}

function connectorStep({ connectorTokenFile: saved }: NextSteps): string[] {
  const run = (file: string) => `  cloudflared tunnel run --token-file ${file}`;
  if (saved !== undefined)
    return ['Run the connector on this server, as a service (install/cloudflared.md):', run(saved)];
  return [
    "Fetch the connector's token into a file of its own, and run the connector as a service (install/cloudflared.md):",
    `  classroom-tunnel setup --yes --connector-token-file ${connectorTokenFile}`,
    run(connectorTokenFile),
  ];
}

function sudoStep({ group, serviceAccount, isDefaultConfigFile, configFile }: NextSteps): string[] {
  return [
    'Let the students run the command as the service account: `visudo -f /etc/sudoers.d/classroom-tunnel`, with this line:',
    `  ${sudoersRule(group, serviceAccount)}`,
    ...(isDefaultConfigFile
      ? []
      : [
          `sudo passes no variables on, so it will not find ${configFile}: move it to /etc/classroom-tunnel/config.json, or add this line:`,
          `  Defaults!${program} env_keep += CLASSROOM_TUNNEL_CONFIG`,
        ]),
  ];
}
