// How setup gets its answers.
import { FixableError } from '../../provisioning/errors.ts';

/** A question, and the option that answers it when there is no terminal. */
export interface Question {
  readonly flag: string;
  readonly message: string;
  readonly initial?: string;
  /** The fault of an answer; undefined if it has none. */
  readonly check?: (answer: string) => string | undefined;
}

export interface Choice<T> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

/** Answers setup's questions: a person at a terminal, or the options. */
export interface Asker {
  readonly isPerson: boolean;
  text(question: Question): Promise<string>;
  /** An answer that is not shown and never comes from an argument. */
  secret(question: Question): Promise<string>;
  choose<T>(question: Question, choices: readonly Choice<T>[]): Promise<T>;
  /** Any number of the values; all of them are preselected. */
  chooseMany(question: Question, values: readonly string[]): Promise<readonly string[]>;
  confirm(question: Question): Promise<boolean>;
  note(title: string, text: string): void;
}

/** Thrown when the person cancels, before anything is written. */
export const cancelled = new Error('cancelled');

/** Asks no person: takes the only choice if there is one; everything else is an error that names the option. */
export function optionsOnly(yes: boolean): Asker {
  const missing = (question: Question, what: string) =>
    new FixableError('setup-incomplete', { problem: `${question.message}: ${what}`, flag: question.flag });
  return {
    isPerson: false,
    text(question) {
      const { initial } = question;
      const problem = initial === undefined ? 'not given' : question.check?.(initial);
      return problem === undefined ? Promise.resolve(initial ?? '') : Promise.reject(missing(question, problem));
    },
    secret: (question) => Promise.reject(missing(question, 'not given')),
    choose(question, choices) {
      const [only] = choices;
      if (only && choices.length === 1) return Promise.resolve(only.value);
      return Promise.reject(
        missing(question, only ? `there are ${choices.map(({ label }) => label).join(', ')}` : 'there is none'),
      );
    },
    chooseMany: () => Promise.resolve([]),
    confirm: (question) => (yes ? Promise.resolve(true) : Promise.reject(missing(question, 'this needs a yes'))),
    note: () => undefined,
  };
}

/** Asks a person at the terminal, on stderr: stdout is for the answer. */
export async function atTerminal(): Promise<Asker> {
  const clack = await import('@clack/prompts');
  const output = process.stderr;
  const answered = async <T>(answer: Promise<T>): Promise<Exclude<T, symbol>> => {
    const value = await answer;
    if (clack.isCancel(value)) throw cancelled;
    return value as Exclude<T, symbol>;
  };
  const basics = ({ message }: Question) => ({ output, message });
  return {
    isPerson: true,
    text: (question) =>
      answered(
        clack.text({
          ...basics(question),
          validate: validator(question),
          ...(question.initial !== undefined && { initialValue: question.initial }),
        }),
      ),
    secret: (question) => answered(clack.password({ ...basics(question), validate: validator(question) })),
    choose: async (question, choices) => {
      // By index: the library's types want primitive values, and these may be objects.
      const index = await answered(
        clack.select({
          ...basics(question),
          options: choices.map(({ label, hint }, value) => ({ value, label, ...(hint ? { hint } : {}) })),
        }),
      );
      const choice = choices[index];
      if (!choice) throw cancelled;
      return choice.value;
    },
    chooseMany: (question, values) =>
      answered(
        clack.multiselect({
          ...basics(question),
          options: values.map((value) => ({ value, label: value })),
          initialValues: [...values],
          required: false,
        }),
      ),
    confirm: (question) => answered(clack.confirm(basics(question))),
    note: (title, text) => {
      clack.note(text, title, { output });
    },
  };
}

const validator =
  ({ check }: Question) =>
  (value: string | undefined) =>
    check?.(value ?? '');

/** The message of the error that `work` throws, as the fault of an answer. */
export function whyNot(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
