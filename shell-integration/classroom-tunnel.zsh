# Classroom Tunnel for zsh 5.2 and newer. Put into ~/.zshrc:
#
#   source /path/to/classroom-tunnel.zsh
#
# Does what classroom-tunnel.bash does, with the same variables (CLASSROOM_TUNNEL_CLI, CLASSROOM_TUNNEL_COMMANDS).
# zsh gives its preexec hooks a whole line before any of it runs, not each command. So a watched command that the line then
# never reaches (`false && npm run dev`) is published, and so is one in a list in the background; a command that an eval
# takes from a variable is not. As in bash, commands in ( ), $( ) and functions are not published.

[[ -o interactive && -z ${CLASSROOM_TUNNEL_WINDOW-} ]] || return 0
[[ ${__classroom_tunnel_holder-} != shell-$$-* ]] || return 0

zmodload zsh/datetime
autoload -Uz add-zsh-hook
typeset -g __classroom_tunnel_holder=shell-$$-$EPOCHSECONDS-$RANDOM
typeset -g __classroom_tunnel_variable=PORT __classroom_tunnel_published=
typeset -g __classroom_tunnel_folder=${${(%):-%x}:A:h}
typeset -ga __classroom_tunnel_cli
typeset -ga __classroom_tunnel_watched=('npm run dev' 'npm start')

# Asks the command once. Without an answer the defaults stand, and publish.sh says what is wrong.
__classroom_tunnel_setup() {
  emulate -L zsh
  local settings
  if [[ ${(t)CLASSROOM_TUNNEL_CLI-} == array* ]]; then
    __classroom_tunnel_cli=("${CLASSROOM_TUNNEL_CLI[@]}")
  else
    __classroom_tunnel_cli=(${=CLASSROOM_TUNNEL_CLI:-classroom-tunnel})
  fi
  settings=$("${__classroom_tunnel_cli[@]}" shell-init zsh 2>/dev/null </dev/null) && eval "$settings"
  [[ -z ${CLASSROOM_TUNNEL_COMMANDS-} ]] || __classroom_tunnel_watched=("${(@f)CLASSROOM_TUNNEL_COMMANDS}")
}

# Looks for a watched command in a line ($1). Sets REPLY to it and __classroom_tunnel_value to what it is given as its port
# variable (an empty array without such an assignment), or fails.
__classroom_tunnel_find() {
  emulate -L zsh
  setopt local_options extended_glob
  local token line delimiter=
  local -i children=0 bodies=0 skip=0 definition=0
  local -a words assignments lines
  # The lexer does not know here-documents: their bodies go first.
  for line in "${(@f)1}"; do
    if [[ -n $delimiter ]]; then
      [[ ${line##$'\t'#} != $delimiter ]] || delimiter=
    else
      lines+=("$line")
      if [[ $line =~ $'(^|[^<])<<-?[ \t]*["\'\\\\]?([A-Za-z_0-9]+)' ]]; then delimiter=$match[2]; fi
    fi
  done
  # zsh's own lexer, without comments; the quotes stay, so that a quoted `;` separates nothing.
  for token in "${(@Z+C+)${(F)lines}}" ';'; do
    if ((skip)); then skip=0; continue; fi
    case $token in
      (';'|'&'|'&&'|'||'|'|'|'|&'|'&|'|'&!'|';;'|';&'|';|'|'('|')'|'{'|'}'|do|then|else|elif|if|while|until|'!'|time|in)
        if [[ $token != [a-z!]* ]] || ((! $#words)); then
          ((children || bodies)) || ! __classroom_tunnel_is || return 0
          words=() assignments=()
        else
          words+=($token)
          continue
        fi
        case $token in
          ('(') children+=1 ;;
          (')') ((children == 0)) || children+=-1 ;;
          ('{') if ((definition || bodies)); then bodies+=1 definition=0; fi ;;
          ('}') ((bodies == 0)) || bodies+=-1 ;;
        esac
        ;;
      ('()') words=() definition=1 ;;
      (function) ((skip = 1, definition = 1)) ;;
      ([0-9]#[\<\>]*) [[ $token == [\<\>]\(* ]] && words+=($token) || skip=1 ;;
      ([A-Za-z_][A-Za-z_0-9]#(+|)='(') children+=1 ;;
      ([A-Za-z_][A-Za-z_0-9]#(+|)=*) (($#words)) && words+=($token) || assignments+=($token) ;;
      (*) words+=($token) ;;
    esac
  done
  return 1
}

# Whether the simple command in the caller's `words` and `assignments` is a watched one.
__classroom_tunnel_is() {
  local watched assignment
  local -a reply given=("${(@Q)words}")
  if [[ ${given[1]-} == eval && $#given -gt 1 ]]; then
    __classroom_tunnel_find "${(j: :)given[2,-1]}"
    return
  fi
  __classroom_tunnel_normalize "${(@)given}"
  given=("${(@)reply}")
  for watched in $__classroom_tunnel_watched; do
    __classroom_tunnel_normalize "${(@Q)${(Z+C+)watched}}"
    local -a wanted=("${(@)reply}")
    (($#wanted && $#given >= $#wanted)) || continue
    [[ ${(pj:\0:)given[1,$#wanted]} == ${(pj:\0:)wanted} ]] || continue
    typeset -ga __classroom_tunnel_value=()
    for assignment in $assignments; do
      [[ $assignment == $__classroom_tunnel_variable=* ]] || continue
      assignment=${assignment#*=}
      case $assignment in
        # One plain variable is looked up; anything else would have to be run to be known.
        ((\"|)\$(\{|)[A-Za-z_][A-Za-z_0-9]#(\}|)(\"|))
          assignment=${assignment//[^A-Za-z_0-9]}
          __classroom_tunnel_value=("${(P)assignment-}") ;;
        (*[\$\`]*) __classroom_tunnel_value=('?') ;;
        (*) __classroom_tunnel_value=("${(Q)assignment}") ;;
      esac
    done
    typeset -g REPLY=$watched
    return 0
  done
  return 1
}

# Spells a command (its words as arguments) as npm would, like src/shell/packageScripts.ts; sets `reply` to the words.
__classroom_tunnel_normalize() {
  local program=${1-} word verb=run
  local -a rest
  reply=("$@")
  [[ $program == (npm|npx|pnpm|pnpx|yarn|bun|bunx|node|deno) ]] || return 0
  for word in "${@:2}"; do
    if [[ $word == --run=* ]]; then rest+=(--run "${word#--run=}"); else rest+=("$word"); fi
  done
  __classroom_tunnel_skip_flags
  case "$program ${rest[1]-}" in
    (npm\ (run|run-script|rum|urn)|pnpm\ (run|run-script)|(yarn|bun)\ run|node\ --run|deno\ task)
      shift rest
      __classroom_tunnel_skip_flags ;;
    (npm\ (exec|x)|(pnpm|yarn)\ (exec|dlx)|bun\ x)
      verb=exec
      shift rest
      __classroom_tunnel_skip_flags ;;
    (npm\ (start|stop|restart|test)) ;;
    ((npx|pnpx|bunx)\ *) verb=exec ;;
    ((npm|node|deno)\ *) return 0 ;;
  esac
  (($#rest)) || return 0
  reply=(npm $verb "$rest[1]")
  shift rest
  [[ ${rest[1]-} != -- ]] || shift rest
  reply+=("${(@)rest}")
}

# Removes the flags of the caller's `program` from the start of its `rest`.
__classroom_tunnel_skip_flags() {
  local -i count
  while [[ ${rest[1]-} == -* && $rest[1] != --run ]]; do
    count=1
    case "$program $rest[1]" in
      (*\ --) shift rest; return ;;
      (*\ (-[CF]|--(cwd|dir|env-file|filter|loglevel|package|prefix|workspace))|npm\ -[wp]|npx\ -p) count=2 ;;
    esac
    shift $((count < $#rest ? count : $#rest)) rest
  done
}

__classroom_tunnel_preexec() {
  emulate -L zsh
  setopt local_options extended_glob
  local REPLY variable=$__classroom_tunnel_variable port= problem=
  local -a __classroom_tunnel_value
  __classroom_tunnel_find "$3" || return 0
  if (($#__classroom_tunnel_value)); then
    port=$__classroom_tunnel_value[1]
  elif [[ ${(Pt)variable-} == *export* ]]; then
    port=${(P)variable-}
  elif [[ -n ${(P)variable-} ]]; then
    problem=__classroom_tunnel_port_not_exported
  fi
  case $port in
    ('') problem=${problem:-__classroom_tunnel_no_port} ;;
    ('?') problem=__classroom_tunnel_port_unknown ;;
    (*[^0-9]*) problem=__classroom_tunnel_port_invalid ;;
  esac
  if [[ -n $problem && -n ${(P)problem-} ]]; then
    __classroom_tunnel_publisher say "${(P)problem}"
  else
    __classroom_tunnel_published=1
    # In the background, so that the command starts at once, and disowned, so that it is no job.
    { trap '' HUP INT TTOU; __classroom_tunnel_publisher publish "$port" } &!
  fi
}

# Calls publish.sh: `publish` the port $2, `say` the text $2, or `release`.
__classroom_tunnel_publisher() {
  sh "$__classroom_tunnel_folder/publish.sh" "$1" "$$" "$__classroom_tunnel_holder" "${2-}" "${__classroom_tunnel_cli[@]}" </dev/null
}

# A terminal that closes may hang up more than once, so that is ignored first.
__classroom_tunnel_exit() {
  [[ -n $__classroom_tunnel_published && $ZSH_SUBSHELL -eq 0 ]] || return 0
  trap '' HUP
  __classroom_tunnel_publisher release >/dev/null 2>&1
}

__classroom_tunnel_setup
add-zsh-hook preexec __classroom_tunnel_preexec
add-zsh-hook zshexit __classroom_tunnel_exit
