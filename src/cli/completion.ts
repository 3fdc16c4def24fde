// The completions of three shells and the manual page, from the table of commands. Pure.
import type { Command } from 'commander';

export const completionKinds = ['bash', 'zsh', 'fish', 'man'] as const;
export type CompletionKind = (typeof completionKinds)[number];

/** A command with what may follow it. */
interface Place {
  /** The words before: empty for the program. */
  readonly path: readonly string[];
  readonly command: Command;
  readonly candidates: readonly (readonly [word: string, description: string])[];
}

export function completion(kind: CompletionKind, program: Command, version: string): string {
  const places = placesOf(program, []);
  switch (kind) {
    case 'bash':
      return bash(places);
    case 'zsh':
      return zsh(places);
    case 'fish':
      return fish(places);
    case 'man':
      return manPage(places, version);
  }
}

function placesOf(command: Command, path: readonly string[]): Place[] {
  const { commands, options } = command.createHelp().visibleOptions(command).length
    ? { commands: command.createHelp().visibleCommands(command), options: command.createHelp().visibleOptions(command) }
    : { commands: [], options: [] };
  const children = commands.filter((child) => child.name() !== 'help');
  const candidates = [
    ...children.map((child) => [child.name(), child.description()] as const),
    ...command.registeredArguments.flatMap(({ argChoices, description }) =>
      (argChoices ?? []).map((choice) => [choice, description] as const),
    ),
    ...options.flatMap(({ long, description }) => (long ? [[long, description] as const] : [])),
  ];
  return [{ path, command, candidates }, ...children.flatMap((child) => placesOf(child, [...path, child.name()]))];
}

const keyOf = (path: readonly string[]): string => path.map((word) => ` ${word}`).join('');
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Follows the words before the cursor to the command that they name. */
function walk(places: readonly Place[], words: string): string {
  const names = places.filter(({ path }) => path.length > 0).map(({ path }) => quoted(keyOf(path)));
  return `local word place=
  for word in ${words}; do
    case "$place $word" in ${names.join('|')}) place="$place $word" ;; esac
  done`;
}

function bash(places: readonly Place[]): string {
  const cases = places.map(
    ({ path, candidates }) =>
      `    ${quoted(keyOf(path))}) words=${quoted(candidates.map(([word]) => word).join(' '))} ;;`,
  );
  return `# bash completion for classroom-tunnel; \`classroom-tunnel completion bash\` prints it.
_classroom_tunnel() {
  ${walk(places, '"${COMP_WORDS[@]:1:COMP_CWORD-1}"')}
  local words=
  case "$place" in
${cases.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _classroom_tunnel classroom-tunnel`;
}

function zsh(places: readonly Place[]): string {
  const cases = places.map(({ path, candidates }) => {
    const entries = candidates.map(([word, description]) => quoted(`${word}:${description}`));
    return `    ${quoted(keyOf(path))}) candidates=(${entries.join(' ')}) ;;`;
  });
  return `#compdef classroom-tunnel
# zsh completion for classroom-tunnel; \`classroom-tunnel completion zsh\` prints it.
_classroom_tunnel() {
  local -a candidates
  ${walk(places, '"${(@)words[2,CURRENT-1]}"')}
  case "$place" in
${cases.join('\n')}
  esac
  _describe 'classroom-tunnel' candidates || _files
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _classroom_tunnel "$@"; else compdef _classroom_tunnel classroom-tunnel; fi`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, candidates, command }) => {
    const others = command.commands.map((child) => child.name()).join(' ');
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
    const conditions =
      path.length === 0
        ? ['__fish_use_subcommand']
        : [...seen, ...(others ? [`not __fish_seen_subcommand_from ${others}`] : [])];
    return candidates.map(([word, description]) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`;
      return `complete -c classroom-tunnel -n ${quoted(conditions.join('; and '))} ${what} -d ${fishQuoted(description)}`;
    });
  });
  return ['# fish completion for classroom-tunnel; `classroom-tunnel completion fish` prints it.', ...lines].join('\n');
}

const fishQuoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

function manPage(places: readonly Place[], version: string): string {
  const [root, ...rest] = places;
  const options = ({ command }: Place) =>
    command
      .createHelp()
      .visibleOptions(command)
      .flatMap(({ flags, description }) => ['.TP', `.B ${roff(flags)}`, roff(description)]);
  const commands = rest.flatMap((place) => [
    `.SS ${roff([...place.path, place.command.usage()].join(' '))}`,
    roff(place.command.description()),
    ...options(place),
  ]);
  return [
    `.TH CLASSROOM-TUNNEL 1 "" "classroom-tunnel ${version}"`,
    ...['.SH NAME', `classroom-tunnel \\- ${roff(root?.command.description() ?? '')}`],
    ...['.SH SYNOPSIS', '.B classroom-tunnel', '[OPTION]... COMMAND [ARGUMENT]...'],
    ...['.SH OPTIONS', ...(root ? options(root) : [])],
    ...['.SH COMMANDS', ...commands],
    ...[
      '.SH FILES',
      '.I /etc/classroom-tunnel/config.json',
      'the configuration, unless CLASSROOM_TUNNEL_CONFIG names another file',
    ],
    '.SH EXIT STATUS',
    '0 done, 1 failed, 2 usage, 75 busy (try again), 77 not allowed, 78 configuration.',
  ].join('\n');
}

const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1');
