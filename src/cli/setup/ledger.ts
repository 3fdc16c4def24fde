// Keeps the manifest up to date while a set-up runs, so that also an interrupted one can be uninstalled.
import { addMade, formatMade, manifestFile, readMade, type Made } from './made.ts';
import type { Place, Resource } from './resources.ts';
import type { Step } from './steps.ts';

export class Ledger {
  readonly #file: string;
  readonly #place: Place;
  readonly #undo: (() => void)[] = [];
  #made: Made;

  /** @throws FixableError `config-invalid` */
  constructor(configFile: string, place: Place) {
    this.#file = manifestFile(configFile);
    this.#place = place;
    this.#made = readMade(configFile);
  }

  get made(): Made {
    return this.#made;
  }

  change(update: (made: Made) => Made): void {
    const made = update(this.#made);
    if (formatMade(made) === formatMade(this.#made)) return;
    this.#made = made;
    this.#undo.unshift(this.#place.put({ kind: 'file', path: this.#file, mode: 0o644, text: formatMade(made) }));
  }

  addResources(resources: readonly Resource[]): void {
    this.change((made) => addMade(made, resources));
  }

  /** The same step, which notes `update` when it is done. */
  noting(step: Step, update: (made: Made) => Made): Step {
    return {
      ...step,
      apply: async () => {
        await step.apply();
        this.change(update);
      },
    };
  }

  /** Puts the manifest back as it was. */
  restore(): void {
    for (const takeBack of this.#undo.splice(0)) takeBack();
  }
}
