// Asks a person at a terminal before a command that takes something away.

export interface Confirmation {
  /** Undefined: nothing is asked. */
  readonly question?: string | undefined;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

/** True without asking for programs, scripts, `--yes` and `--dry-run`. */
export async function isConfirmed({ question, yes, json, dryRun }: Confirmation): Promise<boolean> {
  if (question === undefined || yes || json || dryRun || !process.stdin.isTTY || !process.stderr.isTTY) return true;
  const { atTerminal, cancelled } = await import('./setup/prompts.ts');
  const asker = await atTerminal();
  return asker.confirm({ flag: '--yes', message: question }).catch((error: unknown) => {
    if (error === cancelled) return false;
    throw error;
  });
}
