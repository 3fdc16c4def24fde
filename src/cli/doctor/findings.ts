// The doctor's findings, and how they are shown.
import { tableLines } from '../table.ts';

/** The outcome of one check. With a warning publishing works, but not as well or not as safely as it could. */
export interface Check {
  readonly check: string;
  readonly level: 'ok' | 'warning' | 'fail';
  readonly text: string;
  /** How to fix it; absent if there is nothing to fix. */
  readonly fix?: string;
}

/** Makes findings of one check. */
export function findingsOf(check: string) {
  return {
    ok: (text: string): Check => ({ check, level: 'ok', text }),
    warning: (text: string, fix: string): Check => ({ check, level: 'warning', text, fix }),
    fail: (text: string, fix: string): Check => ({ check, level: 'fail', text, fix }),
  };
}

/** The findings for a person: a line for each, and below it how to fix it. Pure. */
export function formatFindings(findings: readonly Check[]): string {
  const lines = tableLines(findings.map(({ check, level, text }) => [level.padEnd('warning'.length), check, text]));
  const width = Math.max(...findings.map(({ check }) => check.length));
  const all = findings.flatMap(({ fix }, index) => [
    lines[index] ?? '',
    ...(fix === undefined ? [] : [`${' '.repeat(width + 11)}${fix}`]),
  ]);
  return [...all, '', summaryOf(findings)].join('\n');
}

function summaryOf(findings: readonly Check[]): string {
  const count = (level: Check['level']) => findings.filter((finding) => finding.level === level).length;
  const plural = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;
  const [failed, warned] = [count('fail'), count('warning')];
  if (failed === 0 && warned === 0) return 'Everything is in order.';
  return `${failed === 0 ? 'It works' : plural(failed, 'problem')}, ${plural(warned, 'warning')}.`;
}
