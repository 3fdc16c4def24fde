// The steps that setup leaves to the teacher. Pure.
import { stepsAwayFrom } from '../sudoRules.ts';
import type { Answers } from './answers.ts';
import { enabledUnits } from './units.ts';

export interface NextSteps extends Pick<Answers, 'accountId' | 'hostname' | 'mode' | 'group'> {
  readonly configFile: string;
  readonly isDefaultConfigFile: boolean;
  /** Setup has written and started the units of the service. */
  readonly hasService: boolean;
  /** The files with sudo rules of an older version. */
  readonly sudoRules: readonly string[];
  /** The file in which the connector's token was saved, if it was. */
  readonly connectorTokenFile: string | undefined;
}

const connectorTokenFile = '/etc/cloudflared/classroom-tunnel.token';

/** The steps that are left for the teacher, with nothing secret in them. */
export function nextSteps(facts: NextSteps): string {
  const domain = facts.hostname.split('.').slice(1).join('.');
  const steps = [
    connectorStep(facts),
    ...(facts.sudoRules.length > 0 ? [stepsAwayFrom(facts.sudoRules)] : []),
    ...(facts.mode === 'service' && !facts.hasService ? [serviceStep] : []),
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

/** VS Code's settings for a student's window; its own notice of a listening port would stand beside ours. */
export function machineSettings({
  isDefaultConfigFile,
  configFile,
}: Pick<NextSteps, 'isDefaultConfigFile' | 'configFile'>): Record<string, unknown> {
  return {
    'remote.autoForwardPorts': false,
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

const serviceStep = [
  'Start the service that works for the students, and the timer that takes down forgotten sites (the units are in install/):',
  '  cp install/classroom-tunnel* /etc/systemd/system/',
  `  systemctl daemon-reload && systemctl enable --now ${enabledUnits.join(' ')}`,
];
