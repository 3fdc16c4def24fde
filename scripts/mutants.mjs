// `npm run mutants [-- TEXT…]`: breaks the code in one place at a time, in a copy, and counts the breaks that a test notices.
// TEXT narrows the list to mutants whose file or reason holds it. A mutant that survives, or that no longer fits the code, fails.
// One whose tests come to no end is killed: they pass in time on the unbroken code.
import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';
import { fileURLToPath } from 'node:url';
import { mutants as provisioning } from './mutants/provisioning.mjs';
import { mutants as relayAndCli } from './mutants/relayAndCli.mjs';
import { mutants as shell } from './mutants/shell.mjs';
import { mutants as window } from './mutants/window.mjs';
import { provideDependencies } from './setup/dependencies.mjs';
import { endOnSignals, removeWhenStopped, run } from './setup/processes.mjs';

/**
 * @typedef {object} Mutant
 * @property {string} file
 * @property {string} before the text to replace; it occurs once in the file
 * @property {string} after
 * @property {readonly string[]} tests the files of which at least one test must fail
 * @property {string} why what would go wrong, in one line
 */

const root = fileURLToPath(new URL('..', import.meta.url));
const notCopied = ['node_modules', '.git', 'dist', 'out'];
const atOnce = 2;
/** mocha without its own start of a second node: that is half of the time of a short test. */
const mocha = [
  ...['--import', 'tsx', join(root, 'node_modules/mocha/lib/cli/cli.js')],
  ...['--no-config', '--require', 'test/rootHooks.ts'],
  ...['--reporter', './test/reporter.ts', '--exit'],
];
/** Longer than the tests of any mutant take on the unbroken code. */
const limitSeconds = 90;
/** For the tests of all mutants on the unbroken code. */
const unbrokenLimitSeconds = 400;
const patienceMilliseconds = 5_000;
/** Marks every process that a run starts, so that none outlives it. */
const markVariable = 'MUTANTS_OF_CLASSROOM_TUNNEL';
const runName = randomUUID();

/** A copy of the working tree; the packages are shared with it. */
async function copyTree() {
  const folder = await mkdtemp(join(tmpdir(), 'classroom-tunnel-mutants-'));
  removeWhenStopped(folder);
  await cp(root, folder, { recursive: true, filter: (source) => !notCopied.includes(relative(root, source)) });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Runs test files in a copy. @returns what failed; undefined where mocha came to no result */
async function failuresIn(folder, tests, options, limit = limitSeconds) {
  const countsFile = join(folder, 'counts.json');
  await rm(countsFile, { force: true });
  const args = [...mocha, ...options, ...tests];
  const env = { ...process.env, MOCHA_COUNTS: countsFile, [markVariable]: `${runName}-${folder}` };
  let timer;
  const timeout = new Promise((resolve) => (timer = setTimeout(resolve, limit * 1000)));
  const ended = await Promise.race([run(process.execPath, args, { cwd: folder, env }), timeout]);
  const isLate = ended === undefined;
  clearTimeout(timer);
  const { endMarked } = await import('../demo/marked.ts');
  await endMarked(`${runName}-${folder}`, patienceMilliseconds, markVariable);
  const counts = await readFile(countsFile, 'utf8').catch(() => undefined);
  if (isLate) return [`no result within ${limit} s`];
  if (counts === undefined) console.error(ended.output);
  return counts === undefined ? undefined : JSON.parse(counts).failed;
}

/** @param {Mutant} mutant @returns {Promise<string>} `killed`, or why that cannot be said */
async function tryMutant(folder, { file, before, after, tests }) {
  const path = join(folder, file);
  const text = await readFile(path, 'utf8').catch(() => '');
  const places = text.split(before).length - 1;
  if (places !== 1) return `does not fit: its text occurs ${places} times`;
  await writeFile(
    path,
    text.replace(before, () => after),
  );
  try {
    const failed = await failuresIn(folder, tests, ['--bail', '--timeout', '15000']);
    if (failed === undefined) return 'no result';
    return failed.length > 0 ? 'killed' : 'survived';
  } finally {
    await writeFile(path, text);
  }
}

/** Runs the tests on the code as it is: where one of them fails, its mutants would seem to be killed. */
async function checkUnbroken(folder, list) {
  const tests = [...new Set(list.flatMap((mutant) => mutant.tests))];
  const options = ['--timeout', '60000', '--parallel', '--jobs', String(atOnce)];
  const failed = await failuresIn(folder, tests, options, unbrokenLimitSeconds);
  if (failed === undefined || failed.length > 0)
    throw new Error(`The tests fail before anything is broken: ${failed?.join('; ') ?? 'no result'}`);
}

/** Tries the mutants, several at a time, and prints a row for each. @returns how many were killed */
async function tryAll(folders, list) {
  const queue = [...list];
  let killed = 0;
  const work = async (folder) => {
    for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
      const started = performance.now();
      const verdict = await tryMutant(folder, mutant);
      if (verdict === 'killed') killed += 1;
      const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5);
      const sign = verdict === 'killed' ? '✔' : '✗';
      console.log(`${sign} ${seconds} s  ${verdict.padEnd(8)}  ${mutant.file}: ${mutant.why}`);
    }
  };
  await Promise.all(folders.map(work));
  return killed;
}

async function main(texts) {
  await provideDependencies(root);
  (await import('tsx/esm/api')).register();
  const all = [...window, ...shell, ...provisioning, ...relayAndCli];
  const list = all.filter(
    ({ file, why }) => texts.length === 0 || texts.some((text) => `${file}: ${why}`.includes(text)),
  );
  const folders = await Promise.all(Array.from({ length: atOnce }, copyTree));
  try {
    await checkUnbroken(folders[0], list);
    const killed = await tryAll(folders, list);
    const share = list.length === 0 ? 0 : Math.round((killed / list.length) * 100);
    console.log(`\n${killed} of ${list.length} mutants killed (${share} %)`);
    return { passed: killed, failed: list.length - killed };
  } finally {
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

endOnSignals();
const { passed, failed } = await main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  return { passed: 0, failed: 1 };
});
// The last line is what `.ci/run` reads.
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
