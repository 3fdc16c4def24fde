// The place of the configuration, for the command and for the window.

const defaultFile = '/etc/classroom-tunnel/config.json';

/** The file that the environment names, else the default. */
export function configFileOf(env: NodeJS.ProcessEnv): string {
  return env['CLASSROOM_TUNNEL_CONFIG'] || defaultFile;
}
