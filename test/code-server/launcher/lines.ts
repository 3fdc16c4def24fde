/** Begins every line of the suite's report, to tell it from the window's own log. */
export const SUITE_LINE = '\u0001';
