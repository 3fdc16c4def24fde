// The options before the name of the command, which never reach the service: a peer must not name its configuration.

interface Global {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly quiet: boolean;
}

/** Takes `--config FILE`, `--quiet` and `-q` off the front. Pure. */
export function takeGlobalOptions(words: readonly string[], env: NodeJS.ProcessEnv): Global {
  const [first, second, ...rest] = words;
  if (first === '--config' && second !== undefined)
    return takeGlobalOptions(rest, { ...env, CLASSROOM_TUNNEL_CONFIG: second });
  const inline = /^--config=(.+)$/s.exec(first ?? '')?.[1];
  if (inline !== undefined) return takeGlobalOptions(words.slice(1), { ...env, CLASSROOM_TUNNEL_CONFIG: inline });
  if (first === '--quiet' || first === '-q') return { ...takeGlobalOptions(words.slice(1), env), quiet: true };
  return { args: first === '-V' ? ['--version', ...words.slice(1)] : words, env, quiet: false };
}
