// Measures the cost of activate().
import type { ActivationCost } from './testApi.ts';

/** Measures wall-clock time and CPU time since the call. A busy machine prolongs only the first. */
export function startStopwatch(): () => ActivationCost {
  const [began, used] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(used);
    return { wallMs: performance.now() - began, cpuMs: (user + system) / 1_000 };
  };
}
