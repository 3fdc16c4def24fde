/** What a test's window has otherwise than a student's, and why. */
export const TEST_SETTINGS = {
  // A list of suggestions that pops up between one key and the next would take the Enter.
  'terminal.integrated.suggest.enabled': false,
};
