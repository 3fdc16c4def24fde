// Remembers the sites of each terminal across a reload of the window, in one small file for each shell, so that windows
// never overwrite each other. Each change is written at once, because a killed host cannot write at its end.
import type { ProcessId, ShellId } from '../shell/processIds.ts';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { leaseOf, type Run } from './site/siteState.ts';
import type { WindowState } from './site/windowState.ts';

/** The memory of one port in one terminal. */
export interface Memory {
  readonly port: number;
  /** The student was notified that it is live. */
  readonly notified: boolean;
  /** The student took the site down while this process ran, so the process does not publish it again. */
  readonly declined?: ProcessId;
  /** The program whose server the student chose to be shown, and the port of that server. */
  readonly chosen?: { readonly process: ProcessId; readonly shows: number };
}

/** The memories of each terminal in this state. Pure. */
export function memoriesOf(state: WindowState): Map<ShellId, Memory[]> {
  const memories = new Map<ShellId, Memory[]>();
  for (const [port, site] of state.sites) {
    const isHeld = leaseOf(site) !== undefined || site.kind === 'publishing';
    for (const [shell, run] of site.runs) {
      const declined = site.kind === 'idle' ? run.process : undefined;
      if (port === 0 || (!isHeld && declined === undefined)) continue;
      memories.set(shell, [
        ...(memories.get(shell) ?? []),
        { port, notified: site.notified, ...(declined !== undefined && { declined }), ...(isHeld && chosenOf(run)) },
      ]);
    }
  }
  return memories;
}

function chosenOf({ process, running, shows }: Run): Pick<Memory, 'chosen'> {
  return running && process !== undefined && shows !== undefined ? { chosen: { process, shows } } : {};
}

export class ReloadMemory {
  readonly #written = new Map<ShellId, string>();
  readonly #folder: string;
  readonly #log: (message: string) => void;

  constructor(folder: string, log: (message: string) => void) {
    this.#folder = folder;
    this.#log = log;
  }

  /** The memories of a terminal from before this window was loaded; empty if there are none. */
  read(shell: ShellId): readonly Memory[] {
    try {
      const value: unknown = JSON.parse(readFileSync(this.#file(shell), 'utf8'));
      return Array.isArray(value) ? value.filter(isMemory) : [];
    } catch {
      return []; // no file, or an incomplete one: a scan still finds a running command
    }
  }

  /** Writes the files of the shells that changed. */
  save(state: WindowState): void {
    const memories = memoriesOf(state);
    for (const shell of new Set([...memories.keys(), ...this.#written.keys()])) {
      const text = JSON.stringify(memories.get(shell) ?? []);
      if (this.#written.get(shell) !== text) this.#write(shell, text);
    }
  }

  /** Removes the files of shells that have ended. */
  prune(isAlive: (shell: ShellId) => boolean): void {
    for (const name of this.#attempt(() => readdirSync(this.#folder)) ?? []) {
      if (!isAlive(name.replace('-', ':').replace('.json', '')))
        this.#attempt(() => rmSync(join(this.#folder, name), { force: true }));
    }
  }

  #write(shell: ShellId, text: string): void {
    this.#written.set(shell, text);
    const file = this.#file(shell);
    this.#attempt(() => {
      if (text === '[]') {
        rmSync(file, { force: true });
        return;
      }
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    });
  }

  #file(shell: ShellId): string {
    return join(this.#folder, `${shell.replace(':', '-')}.json`);
  }

  /** A full disk must not prevent a site from being published. Without the file, a reload only forgets stopped servers. */
  #attempt<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#log(`cannot write the reload memory: ${String(error)}`);
      return undefined;
    }
  }
}

function isMemory(value: unknown): value is Memory {
  const { port, notified, declined, chosen } = (value ?? {}) as Partial<Record<keyof Memory, unknown>>;
  const { process, shows } = (chosen ?? {}) as { readonly process?: unknown; readonly shows?: unknown };
  return (
    typeof port === 'number' &&
    typeof notified === 'boolean' &&
    (declined === undefined || typeof declined === 'string') &&
    (chosen === undefined || (typeof process === 'string' && typeof shows === 'number'))
  );
}
