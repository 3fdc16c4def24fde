import { spawn } from 'node:child_process';

export interface Run {
  readonly code: number | null;
  /** From the start of all processes to this one's first line of output, or to its end if it prints none. */
  readonly milliseconds: number;
  readonly errors: string;
}

/** Starts `count` node processes at once, and waits for all of them. */
export async function runTogether(
  count: number,
  describe: (index: number) => { args: readonly string[]; env: Readonly<Record<string, string>> },
): Promise<Run[]> {
  const start = performance.now();
  return Promise.all(Array.from({ length: count }, (_, index) => runOne(describe(index), start)));
}

function runOne(
  { args, env }: { args: readonly string[]; env: Readonly<Record<string, string>> },
  start: number,
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let answered: number | undefined;
    let errors = '';
    child.stdout.on('data', () => {
      answered ??= performance.now();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, milliseconds: Math.round((answered ?? performance.now()) - start), errors });
    });
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
