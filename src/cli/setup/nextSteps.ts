// The steps that setup cannot do on this machine. Pure.
import { stepsAwayFrom } from '../sudoRules.ts';

export interface NextSteps {
  readonly configFile: string;
  readonly isDefaultConfigFile: boolean;
  readonly hostname: string;
  /** Service mode, and setup installed no units. */
  readonly lacksService: boolean;
  /** cloudflared is not installed, and no connector serves the tunnel. */
  readonly lacksConnector: boolean;
  /** Students without a code-server that setup could find. */
  readonly withoutWindow: readonly string[];
  /** The group has no member. */
  readonly lacksStudents: boolean;
  readonly group: string;
  /** The problems that steps have reported. */
  readonly problems: readonly string[];
  /** A code-server was changed. */
  readonly hasNewWindows: boolean;
  /** The files with sudo rules of an older version. */
  readonly sudoRules: readonly string[];
}

/** The steps that are left for the teacher, with nothing secret in them. */
export function nextSteps(facts: NextSteps): string {
  const prefix = facts.isDefaultConfigFile ? '' : `CLASSROOM_TUNNEL_CONFIG=${facts.configFile} `;
  const steps = [
    ...facts.problems.map((problem) => [problem]),
    ...(facts.sudoRules.length > 0 ? [stepsAwayFrom(facts.sudoRules)] : []),
    ...(facts.lacksStudents ? [lacksStudents(facts.group)] : []),
    ...(facts.lacksConnector ? [connectorStep] : []),
    ...(facts.lacksService ? [serviceStep] : []),
    ...(facts.withoutWindow.length > 0 ? [windowStep(facts)] : []),
    ...(facts.hasNewWindows ? [restartStep] : []),
    ['Check the class:', `  ${prefix}classroom-tunnel doctor`],
  ];
  const numbered = steps.map(
    (lines, index) => `${index + 1}. ${lines.map((line, row) => (row === 0 ? line : `   ${line}`)).join('\n')}`,
  );
  return ['What is left to do:', ...numbered].join('\n\n');
}

/** The domain whose links a student's code-server opens without a question. */
export function trustedDomain(hostname: string): string {
  return `*.${hostname.split('.').slice(1).join('.')}`;
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

const connectorStep = [
  'Install cloudflared 2025.4 or newer, and run setup again: it starts the connector. On Debian and Ubuntu:',
  '  curl -fsSL https://pkg.cloudflare.com/cloudflare-public-v2.gpg -o /usr/share/keyrings/cloudflare-public-v2.gpg',
  '  echo "deb [signed-by=/usr/share/keyrings/cloudflare-public-v2.gpg] https://pkg.cloudflare.com/cloudflared any main" > /etc/apt/sources.list.d/cloudflared.list',
  '  apt-get update && apt-get install -y cloudflared',
];

const serviceStep = [
  'The service for the students needs root and systemd, so it was not installed: only root and the service account can publish.',
  'Run setup as root where systemd runs; or use shared mode (`--mode shared`), which needs no service.',
];

const restartStep = [
  'Students reload open windows. A code-server that runs opens links without a question after its next start.',
];

const lacksStudents = (group: string) => [
  `The group ${group} has no member, so no student has a port. Add the students, and run setup again:`,
  `  usermod -aG ${group} student1`,
];

function windowStep({ withoutWindow, hostname, ...place }: NextSteps): string[] {
  return [
    `No code-server was found for ${withoutWindow.join(', ')}. Install it and run setup again, or do this for each of them:`,
    '  code-server --install-extension /usr/local/lib/classroom-tunnel/classroom-tunnel.vsix',
    `  start it with --link-protection-trusted-domains "${trustedDomain(hostname)}"`,
    `  in ~/.local/share/code-server/Machine/settings.json: ${JSON.stringify(machineSettings(place))}`,
  ];
}
