// `npm run test:frameworks [-- NAME…]`: every popular dev server, as its generator makes it, seen through the link in a real browser.
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from './frameworks/prepare.mjs';
import { projects } from './frameworks/projects.mjs';
import { provideChromium } from './setup/chromium.mjs';
import { provideSystem } from './setup/debian.mjs';
import { SetUpError, endOnSignals, removeWhenStopped, run } from './setup/processes.mjs';

async function main(names) {
  const unknown = names.filter((name) => !projects.some((project) => project.name === name));
  if (unknown.length > 0) throw new SetUpError(`There is no project ${unknown.join(', ')}. There are: ${projects.map(({ name }) => name).join(', ')}`);
  await provideSystem([
    { what: 'openssl', commands: ['openssl'], packages: ['openssl'] },
    { what: 'script', commands: ['script'], packages: ['bsdutils'] },
  ]);
  const chromium = await provideChromium();
  const prepared = [];
  for (const project of projects) if (names.length === 0 || names.includes(project.name)) prepared.push(await prepare(project));
  const folder = await mkdtemp(join(tmpdir(), 'frameworks-'));
  removeWhenStopped(folder);
  try {
    const list = join(folder, 'projects.json');
    await writeFile(list, JSON.stringify(prepared));
    const env = { ...process.env, CHROMIUM: chromium };
    return (await run(process.execPath, ['--import', 'tsx', 'test/frameworks/main.ts', list], { env, show: process.stdout })).code;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

endOnSignals();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
