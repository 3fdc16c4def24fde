// The steps of a set-up: each is shown, done, verified, and undone if it or a later one fails.
import { FixableError } from '../../provisioning/errors.ts';

export interface Step {
  readonly title: string;
  /** One line for each file, account, package or call that `apply` would change; none if there is nothing to do. Changes nothing. */
  plan(): readonly string[];
  apply(): Promise<void>;
  /** The fault that `apply` has left; undefined if there is none. */
  verify(): Promise<string | undefined>;
  /** Takes back what `apply` did, also after it has failed half-way. */
  undo(): Promise<void>;
}

export interface PlannedStep {
  readonly step: Step;
  readonly changes: readonly string[];
}

/** The steps that have something to do. */
export function planSteps(steps: readonly Step[]): PlannedStep[] {
  return steps.map((step) => ({ step, changes: step.plan() })).filter(({ changes }) => changes.length > 0);
}

/** Lines for a person: the title of each step, and its changes below it. Pure. */
export function formatPlan(planned: readonly PlannedStep[]): string {
  return planned.map(({ step, changes }) => [step.title, ...changes.map((line) => `  ${line}`)].join('\n')).join('\n');
}

/**
 * Does the steps in their order. If one fails, it and all before it are undone, the last first; an undo that fails stops no other.
 * @param onStep is told of each step before it is done
 * @throws the error of the step that failed, with the errors of undoing as its cause
 */
export async function runSteps(planned: readonly PlannedStep[], onStep: (step: Step) => void): Promise<void> {
  const begun: Step[] = [];
  try {
    for (const { step } of planned) {
      onStep(step);
      begun.unshift(step);
      await step.apply();
      const fault = await step.verify();
      if (fault !== undefined) throw new FixableError('setup-step', { step: step.title, problem: fault });
    }
  } catch (error) {
    const failures = await undoAll(begun);
    if (failures.length > 0 && error instanceof Error) error.cause ??= new AggregateError(failures);
    throw error;
  }
}

async function undoAll(steps: readonly Step[]): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step.undo();
    } catch (error) {
      failures.push(error);
    }
  }
  return failures;
}
