// The systemd units of a class in service mode. The files in install/ are these, with the defaults. Pure.

export interface UnitFacts {
  /** An absolute path: the service's PATH may lead to another Node, or to none. */
  readonly node: string;
  readonly program: string;
  readonly serviceAccount: string;
  readonly configFile: string;
  readonly isDefaultConfigFile: boolean;
  readonly stateDir: string;
  readonly commandSocket: string;
}

/** The units to enable; the others are started by them. */
export const enabledUnits = ['classroom-tunnel.socket', 'classroom-tunnel-gc.timer'] as const;

/** Texts by file name. */
export function unitFiles(facts: UnitFacts): Readonly<Record<string, string>> {
  return {
    'classroom-tunnel.socket': socketUnit(facts),
    'classroom-tunnel@.service': serviceUnit(facts),
    'classroom-tunnel-gc.service': collectorUnit(facts),
    'classroom-tunnel-gc.timer': timerUnit,
  };
}

function socketUnit({ commandSocket }: UnitFacts): string {
  return `# The socket at which students' commands reach the service. \`classroom-tunnel setup\` writes this file.
[Unit]
Description=Classroom Tunnel: the commands of the students

[Socket]
ListenStream=${commandSocket}
# Every account may connect: the service knows it by its user id, and the configuration says what it may publish.
SocketMode=0666
Accept=yes
MaxConnections=256
# systemd 256 and newer count connections by user id; the service counts them too.
MaxConnectionsPerSource=8
# With the default limit, one student who connects too often would switch the socket off for all.
TriggerLimitIntervalSec=0

[Install]
WantedBy=sockets.target
`;
}

function serviceUnit(facts: UnitFacts): string {
  return `# Runs one command for the student at the other end of one connection. \`classroom-tunnel setup\` writes this file.
[Unit]
Description=Classroom Tunnel: a command of a student (%i)
CollectMode=inactive-or-failed

[Service]
User=${facts.serviceAccount}
${environment(facts)}# %i has the user id of the peer, from the kernel.
ExecStart=${commandOf(facts)} serve --peer %i
StandardInput=socket
StandardOutput=journal
StandardError=journal
RuntimeMaxSec=600
TasksMax=64
LimitCORE=0
UMask=0077

${sandbox(facts)}`;
}

function collectorUnit(facts: UnitFacts): string {
  return `# Takes down sites without a living holder: after a power cut, a reboot, or a killed guardian.
[Unit]
Description=Classroom Tunnel: take down sites without a living holder
Wants=network-online.target
After=network-online.target
ConditionPathExists=${facts.configFile}

[Service]
Type=oneshot
User=${facts.serviceAccount}
${environment(facts)}ExecStart=${commandOf(facts)} gc --timer
TimeoutStartSec=120
# Busy, or blocked by Cloudflare's rate limit: the next run does it.
SuccessExitStatus=75

${sandbox(facts)}`;
}

const timerUnit = `[Unit]
Description=Classroom Tunnel: take down sites without a living holder, every ten minutes

[Timer]
OnBootSec=1min
OnUnitInactiveSec=10min
RandomizedDelaySec=30s

[Install]
WantedBy=timers.target
`;

/** The inspector, which SIGUSR1 would open, has no place at this address (RFC 5737). */
function commandOf({ node, program }: UnitFacts): string {
  return `${node} --inspect-port=192.0.2.1:9229 ${program}`;
}

function environment({ isDefaultConfigFile, configFile }: UnitFacts): string {
  return isDefaultConfigFile ? '' : `Environment=CLASSROOM_TUNNEL_CONFIG=${configFile}\n`;
}

/** No namespace for processes or users: the program looks up the owners of processes, ports and folders. */
function sandbox({ stateDir }: UnitFacts): string {
  return `# It reads /proc to see who owns a port and which holders live, so the processes of others must be visible.
ReadWritePaths=${stateDir}
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
PrivateDevices=yes
PrivateTmp=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
`;
}

export interface ConnectorFacts {
  readonly cloudflared: string;
  readonly tokenFile: string;
  /** Host and port of the metrics. */
  readonly metrics: string;
}

export const connectorUnit = 'cloudflared-classroom.service';

/** The unit of the connector, by file name. Pure. */
export function connectorFiles({ cloudflared, tokenFile, metrics }: ConnectorFacts): Readonly<Record<string, string>> {
  return {
    [connectorUnit]: `# The connector: carries visitors from Cloudflare to this machine. \`classroom-tunnel setup\` writes this file.
# It reaches Cloudflare at port 7844, over UDP (QUIC) or, where that is blocked, TCP (http2). It must be able to see \`stateDir\`,
# and HTTP_PROXY must not be set: cloudflared would use it for the students' sockets.
[Unit]
Description=cloudflared for the class
Wants=network-online.target
After=network-online.target

[Service]
Type=simple
DynamicUser=yes
LoadCredential=token:${tokenFile}
ExecStart=${cloudflared} tunnel --no-autoupdate --metrics ${metrics} run --token-file \${CREDENTIALS_DIRECTORY}/token
Restart=on-failure
RestartSec=5s
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
`,
  };
}
