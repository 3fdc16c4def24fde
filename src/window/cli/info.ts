// Caches the configuration of this student, which the command-line tool prints; defaults until it has answered.
import { problemOf, type CliOutcome, type Info } from './events.ts';
import type { Problem } from '../../messages/messages.ts';
import type { Watched } from '../../shell/terminalProcesses.ts';

/** Stores the last answer, so that a reloaded window takes its sites over without waiting for a new one. */
export interface InfoStore {
  get(): Info | undefined;
  set(info: Info): void;
}

export class InfoCache {
  #current: Info | undefined;
  #problem: Problem | undefined;
  readonly #run: (args: readonly string[]) => Promise<CliOutcome>;
  readonly #store: InfoStore;
  readonly #log: (message: string) => void;

  constructor(run: (args: readonly string[]) => Promise<CliOutcome>, store: InfoStore, log: (message: string) => void) {
    this.#run = run;
    this.#store = store;
    this.#current = store.get();
    this.#log = log;
  }

  get current(): Info | undefined {
    return this.#current;
  }

  /** The reason why the last refresh failed; undefined if it succeeded, and before the first. */
  get problem(): Problem | undefined {
    return this.#problem;
  }

  get watched(): Watched {
    return {
      commands: this.#current?.commands ?? ['npm run dev', 'npm start'],
      portVariable: this.#current?.portVariable ?? 'PORT',
    };
  }

  /** Reads the configuration again. If that fails, the student sees the reason when a command starts. */
  async refresh(): Promise<void> {
    const outcome = await this.#run(['info']);
    if (outcome.event === 'info') {
      this.#current = outcome;
      this.#problem = undefined;
      this.#store.set(outcome);
    } else if (outcome.event === 'error') {
      const { title, message, action } = outcome;
      this.#problem = problemOf(outcome);
      this.#log(`${title}. ${message} ${action}`);
    }
  }

  /** Whether a port of this student is published, by the state of this machine; needs no network. */
  async isPublished(port: number): Promise<boolean> {
    const outcome = await this.#run(['info', '-p', String(port)]);
    return outcome.event === 'info' && outcome.publication?.port === port;
  }
}
