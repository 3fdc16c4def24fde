// The browser that the tests drive. Playwright's own cannot be downloaded everywhere; a distribution's serves as well.
import { accessSync, constants } from 'node:fs';
import { findOnPath, provideSystem } from './debian.mjs';

const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const FILES = ['/usr/bin/chromium', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

const isExecutable = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const find = () =>
  COMMANDS.map((command) => findOnPath(command)).find((path) => path !== undefined) ?? FILES.find(isExecutable);

/**
 * The executable of a Chromium.
 * @returns {Promise<string>}
 * @throws {import('./processes.mjs').SetUpError} one line that names the command that installs it
 */
export async function provideChromium() {
  await provideSystem([{ what: 'Chromium', commands: COMMANDS, files: FILES, packages: ['chromium'] }]);
  return find() ?? FILES[0];
}
