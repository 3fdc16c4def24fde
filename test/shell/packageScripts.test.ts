import assert from 'node:assert/strict';
import { canonicalWords } from '../../src/shell/packageScripts.ts';
import { findRunning } from '../../src/shell/processes.ts';
import { writeProcess } from '../fixtures/shell/fakeProc.ts';
import { Running } from '../fixtures/shell/running.ts';

/** The arguments of running processes, as their package managers leave them. */
const running: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'npm run dev': [
    ['node', '/usr/bin/npm', 'run-script', 'dev'],
    ['npm run-script dev', '', ''],
    ['npm rum dev --host'],
    ['node', '/usr/bin/npm', '--silent', 'run', 'dev'],
    ['/usr/bin/node', '/home/student1/.cache/node/corepack/v1/pnpm/10.1.0/bin/pnpm.cjs', 'dev'],
    ['node', '/usr/bin/pnpm', '-r', 'run', 'dev'],
    ['node', '/usr/share/yarn/bin/yarn.js', 'run', 'dev', '--host'],
    ['node', '/home/student1/app/.yarn/releases/yarn-4.5.0.cjs', 'dev'],
    ['/home/student1/.bun/bin/bun', 'run', 'dev'],
    ['bun', '--hot', 'dev'],
    ['node', '--run', 'dev'],
    ['/usr/bin/node', '--run=dev'],
    ['deno', 'task', 'dev'],
  ],
  'yarn start': [['npm start'], ['npm run start'], ['node', '/usr/bin/npm', 'start']],
  'npx vite --port 3000': [
    ['npm exec vite --port 3000'],
    ['node', '/usr/bin/npx', 'vite', '--port', '3000'],
    ['bunx', 'vite', '--port', '3000'],
  ],
};

const others: readonly (readonly string[])[] = [
  ['npm run dev2'],
  ['node', '/home/student1/app/run', 'dev'],
  ['node', 'server.js', 'run', 'dev'],
  ['npm exec dev'],
  ['bash', '-c', 'npm run dev'],
];

describe('the spellings of a script', () => {
  const folders = new Running();
  afterEach(() => folders.end());

  function isFound(argv: readonly string[], watched: string): boolean {
    const procRoot = folders.folder();
    writeProcess(procRoot, { pid: 10, ppid: 1, argv: ['bash'], children: [11] });
    writeProcess(procRoot, { pid: 11, ppid: 10, argv, children: [] });
    return findRunning(10, [watched], procRoot)?.pid === 11;
  }

  for (const [watched, processes] of Object.entries(running))
    for (const argv of processes)
      it(`finds ${watched} in the process ${argv.join(' ')}`, () => assert.ok(isFound(argv, watched)));
  for (const argv of others)
    it(`does not find it in the process ${argv.join(' ')}`, () => assert.ok(!isFound(argv, 'npm run dev')));

  it('keeps the arguments of the script, and no flag of the package manager', () => {
    assert.deepEqual(canonicalWords(['npm', '-w', 'app', 'run', '--silent', 'dev', '--', '--', '--host']), [
      'npm',
      'run',
      'dev',
      '--',
      '--host',
    ]);
  });
});
