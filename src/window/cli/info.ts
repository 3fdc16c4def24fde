// What the configuration says about this student, asked of the command line tool; until it has answered, its defaults.
import type { Info, CliOutcome } from './events.ts';
import type { Watched } from '../../shell/terminalProcesses.ts';

/** Where the last answer is kept, so that a reloaded window need not wait for a new one before it takes its sites over. */
export interface InfoStore {
  get(): Info | undefined;
  set(info: Info): void;
}

export class InfoCache {
  #current: Info | undefined;
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

  get watched(): Watched {
    return {
      commands: this.#current?.commands ?? ['npm run dev'],
      portVariable: this.#current?.portVariable ?? 'PORT',
    };
  }

  /** Asks anew. A configuration that cannot be read is said in the log now, and to the student when a site is to be published. */
  async refresh(): Promise<void> {
    const outcome = await this.#run(['info']);
    if (outcome.event === 'info') {
      this.#current = outcome;
      this.#store.set(outcome);
    } else if (outcome.event === 'error') this.#log(`${outcome.title}. ${outcome.message} ${outcome.action}`);
  }

  /** Whether a port of this student is published now, as far as this machine knows; asks no network. */
  async isPublished(port: number): Promise<boolean> {
    const outcome = await this.#run(['info', '-p', String(port)]);
    return outcome.event === 'info' && outcome.publication?.port === port;
  }
}
