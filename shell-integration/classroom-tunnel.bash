# Classroom Tunnel for bash 4.4 and newer. Put into ~/.bashrc:
#
#   source /path/to/classroom-tunnel.bash
#
# When a watched command (`npm run dev`, also as `pnpm dev` or `yarn dev`) starts and PORT is exported, the site is published and its address printed;
# when the shell ends, it is taken down. Other commands start nothing. These may be set before sourcing:
#
#   CLASSROOM_TUNNEL_CLI       the command to call; words, or an array of words (default: classroom-tunnel)
#   CLASSROOM_TUNNEL_COMMANDS  the watched commands, one a line (default: those of the configuration)
#
# A DEBUG trap does not run for commands in ( ) and $( ), in functions and scripts, and in a list in the background, so these
# are not published.
# shellcheck shell=bash

# Only in an interactive shell. In a terminal of a window with the extension, the window does the work.
[[ -n ${BASH_VERSION-} && $- == *i* && -z ${CLASSROOM_TUNNEL_WINDOW-} ]] || return 0
((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)) || return 0
[[ ${__classroom_tunnel_holder-} != "shell-$$-"* ]] || return 0

printf -v __classroom_tunnel_holder 'shell-%d-%(%s)T-%d' "$$" -1 "$RANDOM"
__classroom_tunnel_cli=() __classroom_tunnel_watched=('npm run dev' 'npm start')
# For each of them: a pattern for the text of a command, and the words, each with $'\1' after it.
__classroom_tunnel_filters=() __classroom_tunnel_wanted=()
__classroom_tunnel_variable=PORT
__classroom_tunnel_line=
__classroom_tunnel_folder=${BASH_SOURCE[0]%/*}
[[ $__classroom_tunnel_folder == /* ]] || __classroom_tunnel_folder=$PWD/$__classroom_tunnel_folder

# shellcheck source=words.bash
source "$__classroom_tunnel_folder/words.bash"

# --- set-up -----------------------------------------------------------------------------------------------------------

# Asks the command once. Without an answer the defaults stand, and publish.sh says what is wrong.
__classroom_tunnel_setup() {
  local IFS=$' \t\n' settings list watched
  if [[ ${CLASSROOM_TUNNEL_CLI[1]+set} ]]; then
    __classroom_tunnel_cli=("${CLASSROOM_TUNNEL_CLI[@]}")
  else
    read -ra __classroom_tunnel_cli <<<"${CLASSROOM_TUNNEL_CLI:-classroom-tunnel}"
  fi
  settings=$("${__classroom_tunnel_cli[@]}" shell-init bash 2>/dev/null </dev/null) && eval "$settings"
  [[ -z ${CLASSROOM_TUNNEL_COMMANDS-} ]] || mapfile -t __classroom_tunnel_watched <<<"$CLASSROOM_TUNNEL_COMMANDS"
  for watched in "${!__classroom_tunnel_watched[@]}"; do
    __classroom_tunnel_parse "${__classroom_tunnel_watched[watched]}"
    __classroom_tunnel_normalize
    list=("${__classroom_tunnel_words[@]}")
    # A line without words is none to watch.
    if ((${#list[@]} == 0)); then
      unset "__classroom_tunnel_watched[watched]"
      continue
    fi
    printf -v "__classroom_tunnel_wanted[watched]" '%s\1' "${list[@]}"
    # A command whose text without quotes does not match this pattern cannot match by its words.
    list=("${list[@]//[\'\"\\]/}") list=("${list[@]//[]*?[]/?}")
    [[ "${list[*]:0:2}" != 'npm '@(run|exec) ]] || list=('@(npm|npx|pnpx|yarn|bun|node|deno)' "${list[@]:2}")
    printf -v settings '%s*' "${list[@]}"
    __classroom_tunnel_filters[watched]="*$settings"
  done
}

# --- what a watched command causes ------------------------------------------------------------------------------------

# A watched command is about to start.
__classroom_tunnel_announced() {
  local variable=$__classroom_tunnel_variable port='' problem=''
  if ((${#__classroom_tunnel_value[@]})); then
    port=${__classroom_tunnel_value[0]}
  elif [[ $(declare -p "$variable" 2>/dev/null) =~ ^declare\ -[a-zA-Z]*x ]]; then
    port=${!variable-}
  elif [[ -n ${!variable-} ]]; then
    problem=__classroom_tunnel_port_not_exported
  fi
  case $port in
    '') problem=${problem:-__classroom_tunnel_no_port} ;;
    '?') problem=__classroom_tunnel_port_unknown ;;
    *[!0-9]*) problem=__classroom_tunnel_port_invalid ;;
  esac
  if [[ -n $problem && -n ${!problem-} ]]; then
    __classroom_tunnel_publisher say "${!problem}"
  else
    __classroom_tunnel_at_exit
    # In the background, so that the command starts at once, and in a subshell, so that it is no job.
    (trap '' HUP INT TTOU && __classroom_tunnel_publisher publish "$port" &)
  fi
}

# Calls publish.sh: `publish` the port $2, `say` the text $2, or `release`.
__classroom_tunnel_publisher() {
  sh "$__classroom_tunnel_folder/publish.sh" "$1" "$$" "$__classroom_tunnel_holder" "${2-}" "${__classroom_tunnel_cli[@]}" </dev/null
}

# Puts our part before the user's own EXIT trap. Only once something is published, so that other shells end untouched.
__classroom_tunnel_at_exit() {
  local words
  eval "words=($(trap -p EXIT))"
  [[ ${words[2]-} == *__classroom_tunnel_exit* ]] || trap -- "__classroom_tunnel_exit \"\$_\"${words[2]:+$'\n'${words[2]}}" EXIT
}

__classroom_tunnel_exit() {
  local status=$?
  # Not in a child of this shell. A terminal that closes may hang up more than once, so that is ignored first.
  if [[ $BASHPID == "$$" ]]; then
    trap '' HUP
    __classroom_tunnel_publisher release >/dev/null 2>&1
  fi
  return "$status"
}

# --- traps ------------------------------------------------------------------------------------------------------------

# The DEBUG trap. Its last argument is $_, which thereby is the same after as before. $1 tells whether the student's own
# trap follows: that must see the $? that we saw. Where none follows, the answer is 0, as under `extdebug` anything else
# would keep the command from running.
__classroom_tunnel_debug() {
  local __classroom_tunnel_status=$? REPLY _ct_line='\#'
  if [[ $BASHPID == "$$" ]] && __classroom_tunnel_find "$BASH_COMMAND"; then
    # Commands of other traps, EXIT too, are told with the name of the command before them. So the same command counts once
    # for each line that is typed; to publish again what this shell holds would change nothing.
    _ct_line="${_ct_line@P} $BASH_COMMAND"
    if [[ $_ct_line != "$__classroom_tunnel_line" ]]; then
      __classroom_tunnel_line=$_ct_line
      __classroom_tunnel_announced "$REPLY"
    fi
  fi
  [[ $1 == last ]] || return "$__classroom_tunnel_status"
}

# Puts our part before the DEBUG trap that is there; $1 is what `trap -p DEBUG` prints of it.
__classroom_tunnel_install() {
  local words i
  # Once is enough. The text is emptied, not removed: bash is going through this array.
  for i in "${!PROMPT_COMMAND[@]}"; do PROMPT_COMMAND[i]=${PROMPT_COMMAND[i]//"$__classroom_tunnel_at_prompt"/}; done
  # Inside somebody's function (VS Code's, before bash 5.1) bash hides the trap that is there: better theirs than ours.
  ((${#FUNCNAME[@]} == 1)) || return 0
  eval "words=($1)"
  if [[ -n ${words[2]-} ]]; then
    trap -- "__classroom_tunnel_debug first \"\$_\""$'\n'"${words[2]}" DEBUG
  else
    trap -- '__classroom_tunnel_debug last "$_"' DEBUG
  fi
  # bash-preexec up to 0.4 took this call for what is typed next, and would not see that any more.
  [[ -z ${__bp_preexec_interactive_mode+set} ]] || __bp_preexec_interactive_mode=on
}

__classroom_tunnel_setup
# While a file is sourced, bash hides the DEBUG trap too. At the first prompt all of ~/.bashrc is done, and VS Code and
# bash-preexec have set their traps: they would call ours only once for a whole line. As an element of its own where bash
# can (5.1), because VS Code moves the first one into a function.
__classroom_tunnel_at_prompt='__classroom_tunnel_install "$(trap -p DEBUG)"'
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
  PROMPT_COMMAND=("${PROMPT_COMMAND[@]-}" "$__classroom_tunnel_at_prompt")
else
  PROMPT_COMMAND+=${PROMPT_COMMAND:+$'\n'}$__classroom_tunnel_at_prompt
fi
