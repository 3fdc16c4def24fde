/** One line of what the doctor found. A warning works, but not as well or not as safely as it could. */
export interface Check {
  readonly check: string;
  readonly level: 'ok' | 'warning' | 'fail';
  readonly text: string;
  /** How to mend it; absent where all is well. */
  readonly mend?: string;
}

/** Findings of one check, made short to write. */
export function findingsOf(check: string) {
  return {
    ok: (text: string): Check => ({ check, level: 'ok', text }),
    warning: (text: string, mend: string): Check => ({ check, level: 'warning', text, mend }),
    fail: (text: string, mend: string): Check => ({ check, level: 'fail', text, mend }),
  };
}

/** What a person reads: a line for each finding, and below it how to mend it. */
export function formatFindings(findings: readonly Check[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, level, text, mend }) => [
    `${level.padEnd(7)}  ${check.padEnd(width)}  ${text}`,
    ...(mend === undefined ? [] : [`${' '.repeat(width + 11)}${mend}`]),
  ]);
  return [...lines, '', summaryOf(findings)].join('\n');
}

function summaryOf(findings: readonly Check[]): string {
  const count = (level: Check['level']) => findings.filter((finding) => finding.level === level).length;
  const [failed, warned] = [count('fail'), count('warning')];
  if (failed === 0 && warned === 0) return 'Everything is in order.';
  return `${failed === 0 ? 'It works' : `${failed} to mend`}, ${warned} ${warned === 1 ? 'warning' : 'warnings'}.`;
}
