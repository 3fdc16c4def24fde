/** Begins every line of the suite's own report, among what the window logs of its own doings. */
export const SUITE_LINE = '\u0001';
