/** What a test's window has otherwise than a student's, and why. */
export const TEST_SETTINGS = {
  // A list of suggestions that pops up between one key and the next would take the Enter.
  'terminal.integrated.suggest.enabled': false,
  // It shows the command again in a second terminal above the first, and a test would not know which to read.
  'terminal.integrated.stickyScroll.enabled': false,
  // Extensions that VS Code would run in a second extension host, in the browser: no test needs any, and a window opens a tenth sooner.
  'extensions.webWorker': false,
};
