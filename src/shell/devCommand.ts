// Finds the commands that bash would announce to a DEBUG trap, from the text of a command line. Tests compare it with real
// bash (test/shell/devCommand.test.ts); shell-integration/classroom-tunnel.bash decides the same.
import {
  parse,
  type Command,
  type CommandNode,
  type CompoundList,
  type PipelineNode,
  type Statement,
  type Word,
  type WordPart,
} from 'unbash';
import { canonicalWords } from './packageScripts.ts';

/**
 * The first of the watched commands that is a simple command bash announces to a DEBUG trap in the shell at the prompt.
 *
 * Words are compared after quote removal (`'npm' run "dev"` is `npm run dev`), and every spelling of a package's script is
 * one (see packageScripts.ts); leading assignments, redirections and further arguments do not matter. A line that bash would refuse as a syntax error announces nothing.
 * The text does not show the values of aliases, variables and functions, nor whether a branch is taken.
 * @param commandLine the line as typed; it may span several lines (here-documents, loops)
 * @param watched command lines, as in the configuration's `commands`
 * @returns the element of `watched` that was found, as it stands there
 */
export function findWatchedCommand(commandLine: string, watched: readonly string[]): string | undefined {
  const patterns = watched
    .map((text) => ({ text, words: canonicalWords(wordsOfFirstCommand(text)) }))
    .filter(({ words }) => words.length > 0);
  for (const words of announcedBy(commandLine)) {
    const announced = canonicalWords(knownWords(words));
    const found = patterns.find(({ words }) => words.every((word, index) => announced[index] === word));
    if (found) return found.text;
  }
  return undefined;
}

/** The words of a simple command after quote removal; `undefined` for a word that only the running shell knows. */
type Words = readonly (string | undefined)[];

/** The words up to the first that only the running shell knows. */
function knownWords(words: Words): readonly string[] {
  const end = words.indexOf(undefined);
  return words.slice(0, end === -1 ? undefined : end).filter((word) => word !== undefined);
}

/**
 * The words of a configured command line, as the process that runs it gets them.
 * @returns no words when the line has no simple command, or one that only a running shell could expand
 */
export function wordsOfFirstCommand(commandLine: string): readonly string[] {
  const script = parse(commandLine);
  const [first = []] = script.errors ? [] : [...announcedByList(script.commands)];
  const words = knownWords(first);
  return words.length === first.length ? words : [];
}

function* announcedBy(text: string): Generator<Words> {
  const script = parse(text);
  if (!script.errors) yield* announcedByList(script.commands);
}

function* announcedByList(statements: readonly Statement[]): Generator<Words> {
  for (const { command, background } of statements) {
    if (background) yield* announcedInBackground(command);
    else yield* announcedByNode(command);
  }
}

/** Of background jobs, the shell at the prompt announces only simple commands, alone or in a pipeline. */
function* announcedInBackground(node: Statement['command']): Generator<Words> {
  if (node.type === 'Command') yield wordsOf(node);
  if (node.type !== 'Pipeline') return;
  // Bash hands `time x &` to the background as a whole; `! x &` it does not.
  if (node.prefixes.some(({ type }) => type === 'Time')) return;
  yield* announcedByStages(node.commands);
}

function* announcedByNode(node: Statement['command']): Generator<Words> {
  if (node.type === 'AndOr') for (const part of node.commands) yield* announcedByNode(part);
  else if (node.type === 'Pipeline') yield* announcedByPipeline(node);
  else yield* announcedByCommand(node);
}

function* announcedByPipeline({ commands }: Extract<PipelineNode, { type: 'Pipeline' }>): Generator<Words> {
  const [only, second] = commands;
  // A pipeline of one is `! command` or `time command`: that runs in this shell.
  if (only && !second) yield* announcedByCommand(only);
  else yield* announcedByStages(commands);
}

/** Every stage is a process of its own: its simple command is announced before the fork, nothing inside it after. */
function* announcedByStages(stages: readonly CommandNode[]): Generator<Words> {
  for (const stage of stages) if (stage.type === 'Command') yield wordsOf(stage);
}

function* announcedByCommand(node: CommandNode): Generator<Words> {
  switch (node.type) {
    case 'Command': {
      const words = wordsOf(node);
      yield words;
      const inner = textOfEval(node, words);
      if (inner !== undefined) yield* announcedBy(inner);
      return;
    }
    case 'Redirected':
      yield* announcedByCommand(node.command);
      return;
    case 'Subshell':
    case 'Coproc':
    case 'Function': // functrace is off at a prompt: neither children nor functions inherit the trap
    case 'TestCommand':
    case 'ArithmeticCommand':
      return;
    case 'If':
    case 'While':
    case 'For':
    case 'ArithmeticFor':
    case 'Select':
    case 'Case':
    case 'BraceGroup':
      for (const list of listsIn(node)) yield* announcedByList(list.commands);
  }
}

type ListCommand = Extract<
  CommandNode,
  { type: 'If' | 'While' | 'For' | 'ArithmeticFor' | 'Select' | 'Case' | 'BraceGroup' }
>;

function listsIn(node: ListCommand): readonly CompoundList[] {
  if (node.type === 'If') {
    return [
      node.clause,
      node.then,
      ...node.elif.flatMap(({ clause, then }) => [clause, then]),
      ...(node.else ? [node.else] : []),
    ];
  }
  if (node.type === 'Case') return node.items.map(({ body }) => body);
  return node.type === 'While' ? [node.clause, node.body] : [node.body];
}

function wordsOf(command: Command): Words {
  if (!command.name) return [];
  return [command.name, ...command.args].map((word) => (word.type === 'Word' ? literalValue(word) : word.text));
}

function literalValue(word: Word): string | undefined {
  return word.parts && !word.parts.every(isLiteral) ? undefined : word.value;
}

const literalParts: ReadonlySet<WordPart['type']> = new Set(['Literal', 'SingleQuoted', 'AnsiCQuoted']);

function isLiteral(part: WordPart): boolean {
  if (part.type === 'DoubleQuoted' || part.type === 'LocaleString') return part.parts.every(isLiteral);
  return literalParts.has(part.type);
}

/**
 * The text that `eval` would run, also behind `builtin` and `command`. An argument that only the shell can expand stays as
 * written, so that `eval "npm run dev $FLAGS"` is found.
 */
function textOfEval(command: Command, words: Words): string | undefined {
  let index = 0;
  while (words[index] === 'builtin' || words[index] === 'command') {
    index += 1;
    while (words[index] === '--' || words[index] === '-p') index += 1;
  }
  if (words[index] !== 'eval') return undefined;
  if (words[index + 1] === '--') index += 1;
  // The words are the name and then the arguments, so argument `index` is the word after word `index`.
  const args = command.args.slice(index);
  return args.map((word) => (word.type === 'Word' ? word.value : word.text)).join(' ');
}
