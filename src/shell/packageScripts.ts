// One spelling for each of the ways to run a script of package.json, or a program of a package. Pure. The hooks in
// shell-integration/ decide the same; test/fixtures/shell/spellings.ts holds them together.

/** The words that run a script, after the flags of the program. */
const runsScript = new Set([
  ...['run', 'run-script', 'rum', 'urn'].map((verb) => `npm ${verb}`),
  ...['pnpm run', 'pnpm run-script', 'yarn run', 'bun run', 'node --run', 'deno task'],
]);
/** The words that run a program of a package. */
const runsProgram = new Set(['npm exec', 'npm x', 'pnpm exec', 'pnpm dlx', 'yarn exec', 'yarn dlx', 'bun x']);
const programRunners = new Set(['npx', 'pnpx', 'bunx']);
/** Scripts that npm runs under their own names. The others run every script so. */
const ownNames = new Set(['npm start', 'npm stop', 'npm restart', 'npm test']);
const runsBareNames = new Set(['pnpm', 'yarn', 'bun']);

/** Flags whose value is the next word; `npm` and `npx` have more. */
const flagsWithValue = new Set([
  ...['-C', '-F', '--cwd', '--dir', '--env-file', '--filter', '--loglevel', '--package', '--prefix', '--workspace'],
  ...['npm -w', 'npm -p', 'npx -p'],
]);

/**
 * Spells a command as npm would: `npm run dev` for `npm run-script dev`, `pnpm dev`, `yarn run dev`, `bun --bun dev` and
 * `node --run dev`; `npm exec vite` for `npx vite`. The flags of the package manager are left out.
 * @param words a command line after quote removal, the program's name first
 * @returns the same words for any other command
 */
export function canonicalWords(words: readonly string[]): readonly string[] {
  const [program = '', ...given] = words.flatMap((word) =>
    word.startsWith('--run=') ? ['--run', word.slice(6)] : [word],
  );
  const rest = withoutFlags(program, given);
  const call = `${program} ${rest[0]}`;
  if (programRunners.has(program)) return canonical('exec', rest) ?? words;
  if (runsProgram.has(call)) return canonical('exec', withoutFlags(program, rest.slice(1))) ?? words;
  if (runsScript.has(call)) return canonical('run', withoutFlags(program, rest.slice(1))) ?? words;
  if (ownNames.has(call) || runsBareNames.has(program)) return canonical('run', rest) ?? words;
  return words;
}

function canonical(verb: 'run' | 'exec', [name, ...args]: readonly string[]): readonly string[] | undefined {
  return name === undefined ? undefined : ['npm', verb, name, ...(args[0] === '--' ? args.slice(1) : args)];
}

function withoutFlags(program: string, words: readonly string[]): readonly string[] {
  const [flag = ''] = words;
  if (!flag.startsWith('-') || flag === '--run') return words;
  if (flag === '--') return words.slice(1);
  const hasValue = flagsWithValue.has(flag) || flagsWithValue.has(`${program} ${flag}`);
  return withoutFlags(program, words.slice(hasValue ? 2 : 1));
}
