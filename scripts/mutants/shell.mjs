// Mutants of what reads the terminals' processes.

/** @type {readonly import('../mutants.mjs').Mutant[]} */
export const mutants = [
  {
    file: 'src/shell/terminalProcesses.ts',
    before: 'const isOwn = server.process.uid === uid;',
    after: 'const isOwn = server.process.uid >= 0;',
    tests: ['test/shell/terminalProcesses.test.ts'],
    why: "another user's process counts as the student's command",
  },
  {
    file: 'src/shell/processes.ts',
    before: "if (state === 'Z' || state === 'X') return undefined;",
    after: '',
    tests: ['test/shell/processes.test.ts'],
    why: 'a command that has ended still counts as running',
  },
  {
    file: 'src/shell/processes.ts',
    before: '?.startTime === startTime;',
    after: '?.pid === pid;',
    tests: ['test/shell/processes.test.ts'],
    why: 'another process that got the same id is taken for the command',
  },
  {
    file: 'src/shell/processes.ts',
    before: "return `${canonicalWords(first.trimEnd().split(' ')).join(' ')} `.startsWith(`${words.join(' ')} `);",
    after: "return first.startsWith(words.join(' '));",
    tests: ['test/shell/devServer.test.ts'],
    why: 'the matcher takes `npm run dev:api` for `npm run dev`',
  },
  {
    file: 'src/shell/processes.ts',
    before: 'b.startTime - a.startTime',
    after: 'a.startTime - b.startTime',
    tests: ['test/shell/devServer.test.ts'],
    why: 'of two commands the older one is followed',
  },
];
