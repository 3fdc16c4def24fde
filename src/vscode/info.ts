// What the configuration says about this student, asked of the command line tool; until it has answered, its defaults.
import type { Info, Outcome } from './cliEvents.ts';
import type { Watched } from './observe.ts';

export class InfoSource {
  #current: Info | undefined;
  readonly #run: (args: readonly string[]) => Promise<Outcome>;
  readonly #log: (message: string) => void;

  constructor(run: (args: readonly string[]) => Promise<Outcome>, log: (message: string) => void) {
    this.#run = run;
    this.#log = log;
  }

  get current(): Info | undefined { return this.#current; }

  get watched(): Watched {
    return { commands: this.#current?.commands ?? ['npm run dev'], portVariable: this.#current?.portVariable ?? 'PORT' };
  }

  /** Asks anew. A configuration that cannot be read is said in the log now, and to the student when a site is to be published. */
  async refresh(): Promise<void> {
    const outcome = await this.#run(['info']);
    if (outcome.event === 'info') this.#current = outcome;
    else if (outcome.event === 'error') this.#log(`${outcome.title}. ${outcome.message} ${outcome.action}`);
  }

  /** Whether a port of this student is published now, as far as this machine knows; asks no network. */
  async isPublished(port: number): Promise<boolean> {
    const outcome = await this.#run(['info', '-p', String(port)]);
    return outcome.event === 'info' && outcome.publication?.port === port;
  }
}
