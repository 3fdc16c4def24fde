# Classroom Tunnel for zsh 5.2 and newer. Put into ~/.zshrc:
#
#   source /path/to/classroom-tunnel.zsh
#
# Does what classroom-tunnel.bash does, with the same variables (CLASSROOM_TUNNEL_CLI, CLASSROOM_TUNNEL_COMMANDS).
# zsh tells its preexec hooks a whole line before any of it runs, not each command. So a watched command that the line then
# never reaches (`false && npm run dev`) is published, and so is one in a list sent to the background; what an eval gets
# from a variable, or a function runs, is not seen. As in bash, commands in ( ), $( ) and functions do not count.

[[ -o interactive && -z ${CLASSROOM_TUNNEL_WINDOW-} ]] || return 0
[[ ${__classroom_tunnel_holder-} != shell-$$-* ]] || return 0

zmodload zsh/datetime
autoload -Uz add-zsh-hook
typeset -g __classroom_tunnel_holder=shell-$$-$EPOCHSECONDS-$RANDOM
typeset -g __classroom_tunnel_variable=PORT __classroom_tunnel_assigned= __classroom_tunnel_published=
typeset -g __classroom_tunnel_folder=${${(%):-%x}:A:h}
typeset -ga __classroom_tunnel_cli __classroom_tunnel_watched

# Sets REPLY to the text that the inside of a JSON string ($1) stands for.
__classroom_tunnel_unescape() {
  emulate -L zsh
  local text=${1//\\\\/$'\1'}
  text=${text//\\\"/\"}
  text=${text//\\[nt]/ }
  typeset -g REPLY=${text//$'\1'/\\}
}

# Asks the configuration once. Without an answer the defaults stand, and the first `publish` says what is wrong.
__classroom_tunnel_setup() {
  emulate -L zsh
  local info list string='^"(([^"\]|\\.)*)",?' strings='"commands":\[(("([^"\]|\\.)*",?)*)\]'
  if [[ ${(t)CLASSROOM_TUNNEL_CLI-} == array* ]]; then
    __classroom_tunnel_cli=("${CLASSROOM_TUNNEL_CLI[@]}")
  else
    __classroom_tunnel_cli=(${=CLASSROOM_TUNNEL_CLI:-classroom-tunnel})
  fi
  if [[ -z ${CLASSROOM_TUNNEL_COMMANDS-} || -z ${PORT+set} ]]; then
    info=$("${__classroom_tunnel_cli[@]}" info --json 2>/dev/null </dev/null)
  fi
  if [[ $info =~ '"portVariable":"([A-Za-z_][A-Za-z_0-9]*)"' ]]; then __classroom_tunnel_variable=$match[1]; fi
  if [[ $info =~ '"port":([0-9]+)' ]]; then __classroom_tunnel_assigned=$match[1]; fi
  __classroom_tunnel_watched=("${(@f)CLASSROOM_TUNNEL_COMMANDS-}")
  if [[ -z ${CLASSROOM_TUNNEL_COMMANDS-} && $info =~ $strings ]]; then
    __classroom_tunnel_watched=() list=$match[1]
    while [[ $list =~ $string ]]; do
      list=${list[$#MATCH+1,-1]}
      __classroom_tunnel_unescape "$match[1]"
      __classroom_tunnel_watched+=("$REPLY")
    done
  fi
  [[ -n ${__classroom_tunnel_watched[1]-} ]] || __classroom_tunnel_watched=('npm run dev')
  if [[ -n $__classroom_tunnel_assigned && -z ${(P)__classroom_tunnel_variable+set} ]]; then
    export "$__classroom_tunnel_variable=$__classroom_tunnel_assigned"
  fi
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
  local -a given=("${(@Q)words}")
  if [[ ${given[1]-} == eval && $#given -gt 1 ]]; then
    __classroom_tunnel_find "${(j: :)given[2,-1]}"
    return
  fi
  for watched in $__classroom_tunnel_watched; do
    local -a wanted=("${(@Q)${(Z+C+)watched}}")
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

# To the terminal, also where the output of the command goes elsewhere.
__classroom_tunnel_say() {
  { print -r -- "Classroom Tunnel: $1" >/dev/tty } 2>/dev/null || print -r -- "Classroom Tunnel: $1" >&2
}

__classroom_tunnel_preexec() {
  emulate -L zsh
  setopt local_options extended_glob
  local REPLY variable=$__classroom_tunnel_variable port=
  local -a __classroom_tunnel_value
  __classroom_tunnel_find "$3" || return 0
  local advice="Stop it, type: export $variable=${__classroom_tunnel_assigned:-<your port>} and run it again."
  if (($#__classroom_tunnel_value)); then
    port=$__classroom_tunnel_value[1]
  elif [[ ${(Pt)variable-} == *export* ]]; then
    port=${(P)variable-}
  elif [[ -n ${(P)variable-} ]]; then
    __classroom_tunnel_say "this site is not public: $variable is set, but commands do not see it. Stop it, type: export $variable and run it again."
    return 0
  fi
  if [[ $port == '?' ]]; then
    __classroom_tunnel_say "this site is not public: $variable is worked out only as $REPLY starts. $advice"
  elif [[ -z $port ]]; then
    __classroom_tunnel_say "this site is not public: $REPLY was not told a port. $advice"
  elif [[ $port != <-> ]]; then
    __classroom_tunnel_say "this site is not public: $variable must be a number, not \"$port\". $advice"
  else
    __classroom_tunnel_published=1
    # In the background, so that nothing keeps the student from working, and disowned, so that it is no job.
    { trap '' HUP INT TTOU; __classroom_tunnel_publisher publish "$port" } &!
  fi
}

# `publish` the port $2, or `release`, as publish.sh does it.
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
