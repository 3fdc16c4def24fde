/** What a test's window has otherwise than a student's, and why. */
export const TEST_SETTINGS = {
  // The terminal's text is read from the page, and only the DOM renderer puts it there.
  'terminal.integrated.gpuAcceleration': 'off',
  // A list of suggestions that pops up between a key and the next one would take the Enter.
  'terminal.integrated.suggest.enabled': false,
};
