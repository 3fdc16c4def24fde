// `npm test [-- PART...] [-- --grep TEXT]`: sets up what is missing, runs every part whatever the others did, and sums up in
// its last line. TEXT narrows mocha's tests, for working on one of them; PART names also what does not run by itself.
import { randomUUID } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packageExtension } from './package.mjs';
import { provideChromium } from './setup/chromium.mjs';
import { provideBareDebian } from './setup/bareDebian.mjs';
import { provideCodeServer } from './setup/codeServer.mjs';
import { provideSystem } from './setup/debian.mjs';
import { provideDependencies } from './setup/dependencies.mjs';
import { SetUpError, endOnSignals, removeWhenStopped, run } from './setup/processes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = process.execPath;
/** Marks every process that the run starts, however indirectly: none may be left at its end. */
const MARK = 'TEST_RUN_OF_CLASSROOM_TUNNEL';
const name = randomUUID();
const PATIENCE_MILLISECONDS = 5_000;

/** The shells and multiplexers whose real behaviour the unit tests compare with, and a super-server. */
const SHELLS = [
  ...['zsh', 'fish', 'tmux', 'screen'].map((command) => ({ what: command, commands: [command], packages: [command] })),
  { what: 'unixserver', commands: ['unixserver'], packages: ['ucspi-unix'] },
];

const inBrowser = { mocha: true, needs: ['package', 'chromium', 'code-server'], counts: true };
const firstMinute = {
  args: ['--config', 'test/code-server/firstMinute.mocharc.json'],
  mocha: true,
  needs: ['package', 'chromium', 'code-server', 'shells'],
  counts: true,
};
const mocha = ['node_modules/mocha/bin/mocha.js', '--reporter', './test/reporter.ts'];

/**
 * The parts that can be run. `needs`: the set-up without which it cannot. Where `counts` is not set, the part is one test.
 * @type {Record<string, {title: string, args: string[], needs: string[], mocha?: boolean, counts?: boolean, environment?: Record<string, string>}>}
 */
const PARTS = {
  lint: { title: 'Lint', args: ['node_modules/eslint/bin/eslint.js', '.'], needs: [] },
  format: {
    title: 'Formatting',
    args: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
    needs: [],
  },
  types: { title: 'Type check', args: ['node_modules/typescript/bin/tsc', '--noEmit'], needs: [] },
  unit: {
    title: 'Unit tests, and provisioning against the stand-in',
    args: ['--parallel', '--jobs', '2', 'test/**/*.test.ts'],
    mocha: true,
    needs: ['package', 'shells'],
    counts: true,
  },
  host: {
    title: 'In the extension host of a real code-server',
    args: ['--import', 'tsx', 'test/code-server/host.ts'],
    needs: ['package', 'chromium', 'code-server'],
    counts: true,
  },
  browser: {
    title: "The student's way, in a real browser",
    args: ['--config', 'test/code-server/mocharc.json'],
    ...inBrowser,
  },
  life: {
    title: 'A site in the course of its window, in a real browser',
    args: ['--config', 'test/code-server/life.mocharc.json'],
    ...inBrowser,
  },
  unfurnished: {
    title: 'Several servers, a site removed at Cloudflare, an ordinary account, in a real browser',
    args: ['--config', 'test/code-server/unfurnished.mocharc.json'],
    ...inBrowser,
  },
  oldest: {
    title: "The student's way in the oldest host that package.json allows, in a real browser",
    args: ['--config', 'test/code-server/oldest.mocharc.json'],
    mocha: true,
    needs: ['package', 'chromium', 'oldest code-server'],
    environment: { CODE_SERVER_FLAGS: '--disable-workspace-trust' }, // its question covers the window
    counts: true,
  },
  minute: { title: "A new student's first minute, in a window with default settings", ...firstMinute },
  minutes: {
    title: "A new student's first minute in every way, once each",
    ...firstMinute,
    environment: { FIRST_MINUTE_ALL: '1' },
  },
  minutesOften: {
    title: "A new student's first minute in every way, twenty times or as often as FIRST_MINUTE_REPETITIONS says",
    ...firstMinute,
    environment: { STRESS: '1' },
  },
  service: {
    title: "The class's service, under a real systemd",
    args: ['--config', 'test/systemd/mocharc.json'],
    mocha: true,
    needs: ['package', 'debian'],
    counts: true,
  },
  stress: {
    title: 'What chance decides, as often as is promised',
    mocha: true,
    needs: ['package', 'shells'],
    counts: true,
    environment: { STRESS: '1' },
    args: ['test/provisioning/@(lock|crash).test.ts', 'test/@(shell|cli)/@(devCommand|requestSignals).test.ts'],
  },
  soak: { title: 'A soak', args: ['--config', 'test/code-server/soak.mocharc.json'], ...inBrowser },
};

/** The parts that run without being named. The lanes go side by side: each of them waits much of its time, for a browser or for a clock. */
const LANES = [['lint', 'format', 'types'], ['unit'], ['host', 'browser']];

const total = { passed: 0, failed: 0, why: [], skipped: [] };
const fail = (message) => {
  console.log(message);
  total.failed += 1;
  total.why.push(message);
};

/** Keeps the output of several parts at once readable: each line begins with its part. */
function prefixed(part) {
  let begun = '';
  return {
    write: (text) => {
      const lines = (begun + text).split('\n');
      begun = lines.pop();
      process.stdout.write(lines.map((line) => `${part.padEnd(7)} | ${line}\n`).join(''));
    },
  };
}

/** Each set-up step by itself: a part that does not need what failed still runs. */
async function setUp(folder, parts) {
  const needed = new Set(parts.flatMap((part) => PARTS[part].needs));
  const environment = { BUILT_CLI: join(folder, 'cli.js'), VSIX: join(folder, 'classroom-tunnel.vsix'), [MARK]: name };
  const steps = {
    shells: () => provideSystem(SHELLS),
    package: async () => {
      const { vsix, bundle } = await packageExtension(environment.VSIX);
      console.log(`The VSIX has ${vsix} bytes, the window's bundle ${bundle}.`);
      // A test of `npm start` builds anew, and others must not find a half-written command meanwhile.
      await copyFile(join(root, 'dist', 'cli.js'), environment.BUILT_CLI);
      total.passed += 1;
    },
    debian: async () => void (environment.BARE_DEBIAN = await provideBareDebian()),
    chromium: async () => void (environment.CHROMIUM = await provideChromium()),
    'code-server': async () => void (environment.CODE_SERVER = await provideCodeServer()),
    'oldest code-server': async () => void (environment.CODE_SERVER = await provideCodeServer(process.env, 'oldest')),
  };
  const done = [];
  for (const [step, provide] of Object.entries(steps).filter(([name]) => needed.has(name))) {
    try {
      await provide();
      done.push(step);
    } catch (error) {
      fail(error instanceof SetUpError ? error.message : error.stack);
    }
  }
  return { environment, done };
}

/** Runs one part and adds its counts to the total. */
async function runPart(name, { folder, environment, done }, show) {
  const { title, args, needs, counts, ...part } = PARTS[name];
  const missing = needs.filter((need) => !done.includes(need));
  if (missing.length > 0) return fail(`${title}: cannot run without ${missing.join(', ')}`);
  console.log(`${title} …`);
  const countsFile = join(folder, `${name}.counts`);
  const started = performance.now();
  const env = { ...process.env, ...environment, ...part.environment, MOCHA_COUNTS: countsFile };
  const { code } = await run(node, part.mocha ? [...mocha, ...args] : args, { cwd: root, env, show });
  const lines = counts ? await readFile(countsFile, 'utf8').catch(() => '') : '';
  /** @type {import('../test/reporter.ts').Counts} */
  const { passes, failures, failed, skipped } = counts
    ? JSON.parse(lines || '{"passes":0,"failures":0,"failed":[],"skipped":[]}')
    : { passes: code === 0 ? 1 : 0, failures: 0, failed: [], skipped: [] };
  total.passed += passes;
  total.failed += failures;
  total.why.push(...failed);
  total.skipped.push(...skipped);
  console.log(
    `${title}: ${passes} passed, ${failures} failed, ${skipped.length} skipped, in ${Math.round((performance.now() - started) / 1_000)} s`,
  );
  if (failures === 0 && (code !== 0 || passes === 0)) fail(`${title}: ended with code ${code}`);
}

async function runLane(parts, ready, showOf) {
  for (const part of parts) await runPart(part, ready, showOf(part));
}

/** Checks that the tests have ended every process that they started. */
async function checkNothingLeft() {
  const { findMarked, endMarked } = await import('../demo/marked.ts');
  const left = await findMarked(name, MARK);
  if (left.length === 0) return;
  const commands = await Promise.all(left.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  fail(
    `Left behind by the tests:\n${commands.map((command, index) => `  ${left[index]} ${command.replaceAll('\0', ' ')}`).join('\n')}`,
  );
  await endMarked(name, PATIENCE_MILLISECONDS, MARK);
}

async function main() {
  const { values, positionals: chosen } = parseArgs({ allowPositionals: true, options: { grep: { type: 'string' } } });
  if (values.grep !== undefined) mocha.push('--grep', values.grep);
  const unknown = chosen.filter((part) => !(part in PARTS));
  if (unknown.length > 0)
    throw new SetUpError(`There is no part "${unknown.join('", "')}"; the parts are ${Object.keys(PARTS).join(', ')}`);
  await provideDependencies(root);
  (await import('tsx/esm/api')).register();
  const folder = await mkdtemp(join(tmpdir(), 'classroom-tunnel-test-'));
  removeWhenStopped(folder);
  try {
    const ready = { folder, ...(await setUp(folder, chosen.length > 0 ? chosen : LANES.flat())) };
    if (chosen.length > 0) await runLane(chosen, ready, () => process.stdout);
    else await Promise.all(LANES.map((parts) => runLane(parts, ready, prefixed)));
    await checkNothingLeft();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

endOnSignals({ last: async () => (await import('../demo/marked.ts')).endMarked(name, PATIENCE_MILLISECONDS, MARK) });
try {
  await main();
} catch (error) {
  fail(error instanceof SetUpError ? error.message : error.stack);
}
// Said again where it is found: the parts print some thousands of lines. `.ci/run` looks for these.
console.log(
  [
    '',
    ...total.skipped.map((title) => `- ${title}`),
    ...total.why.map((why) => `✗ ${why}`),
    `${total.passed} passed, ${total.failed} failed`,
  ].join('\n'),
);
process.exit(total.failed === 0 ? 0 : 1);
