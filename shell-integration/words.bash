# The part of classroom-tunnel.bash that decides whether a simple command is a watched one, from the text that bash keeps
# of it in BASH_COMMAND. It starts no process. src/shell/devCommand.ts decides the same for what is typed.
# shellcheck shell=bash

__classroom_tunnel_words=() __classroom_tunnel_value=() __classroom_tunnel_rest=

# Reads one word from the start of __classroom_tunnel_rest, which it shortens. Sets REPLY to the word after quote removal,
# and fails where only expansion could tell the word. Plain variables are known to the shell, so they are looked up
# where $1 is "expand"; for that, no local name here may be one that a student uses.
__classroom_tunnel_word() {
  local _ct_rest=$__classroom_tunnel_rest _ct_word='' _ct_unknown=0 _ct_quoted='' _ct_name
  local _ct_plain='^[^][:space:]\"$`|&;()<>'\'']+' _ct_inside='^[^\"$`]+' _ct_single="^'([^']*)'" _ct_variable='^\$(\{([A-Za-z_][A-Za-z_0-9]*)\}|([A-Za-z_][A-Za-z_0-9]*))'
  while [[ -n $_ct_rest ]]; do
    if [[ $_ct_quoted && $_ct_rest == \"* ]]; then _ct_quoted='' _ct_rest=${_ct_rest:1}
    elif [[ $_ct_quoted && $_ct_rest =~ $_ct_inside ]]; then _ct_word+=${BASH_REMATCH[0]} _ct_rest=${_ct_rest:${#BASH_REMATCH[0]}}
    elif [[ $_ct_quoted && $_ct_rest == \\[!\$\`\"\\$'\n']* ]]; then _ct_word+=${_ct_rest:0:2} _ct_rest=${_ct_rest:2}
    elif [[ -z $_ct_quoted && $_ct_rest =~ $_ct_plain ]]; then _ct_word+=${BASH_REMATCH[0]} _ct_rest=${_ct_rest:${#BASH_REMATCH[0]}}
    elif [[ -z $_ct_quoted && $_ct_rest == ['[]']* ]]; then _ct_word+=${_ct_rest:0:1} _ct_rest=${_ct_rest:1}
    elif [[ -z $_ct_quoted && $_ct_rest =~ $_ct_single ]]; then _ct_word+=${BASH_REMATCH[1]} _ct_rest=${_ct_rest:${#BASH_REMATCH[0]}}
    elif [[ $_ct_rest == \"* ]]; then _ct_quoted=1 _ct_rest=${_ct_rest:1}
    elif [[ $_ct_rest == \\* ]]; then _ct_word+=${_ct_rest:1:1} _ct_rest=${_ct_rest:2}
    elif [[ ${1-} == expand && $_ct_rest =~ $_ct_variable ]]; then
      _ct_name=${BASH_REMATCH[2]}${BASH_REMATCH[3]} _ct_rest=${_ct_rest:${#BASH_REMATCH[0]}}
      _ct_word+=${!_ct_name-}
    elif [[ $_ct_rest == [\$\`]* || ( -z $_ct_quoted && $_ct_rest == ['<>']\(* ) ]]; then
      _ct_unknown=1
      __classroom_tunnel_skip "$_ct_rest"
      _ct_rest=${_ct_rest:REPLY}
    elif [[ -z $_ct_quoted && -z $_ct_word && ${1-} == expand && $_ct_rest == \(* ]]; then # the value of an array
      _ct_unknown=1
      __classroom_tunnel_skip " $_ct_rest"
      _ct_rest=${_ct_rest:REPLY-1}
    else break
    fi
  done
  __classroom_tunnel_rest=$_ct_rest REPLY=$_ct_word
  return "$_ct_unknown"
}

# Sets REPLY to the length of the expansion that $1 begins with: $name, ${…}, $(…), $((…)), `…`, <(…).
__classroom_tunnel_skip() {
  local text=$1 open='' i=1 c opened closed
  local name='^.([A-Za-z_][A-Za-z_0-9]*|[-0-9@*#?$!])'
  if [[ $text != [\$\<\>\ ][\(\{]* && $text != \`* ]]; then
    [[ $text =~ $name ]] && REPLY=${#BASH_REMATCH[0]} || REPLY=1
    return
  fi
  [[ $text != \`* ]] || open=\`
  # `open` holds what is still to be closed, the innermost last.
  for ((; i < ${#text}; i++)); do
    c=${text:i:1}
    case ${open: -1}$c in
      \'\') open=${open%?} ;;
      \'*) ;;
      *\\) i=$((i + 1)) ;;
      \(\)) # the end of a pattern, where more `case` than `esac` came before
        opened=${text:0:i}
        opened=${opened//[^[:alnum:]_]case /$'\1'} opened=${opened//esac/$'\2'}
        closed=${opened//[^$'\2']} opened=${opened//[^$'\1']}
        ((${#opened} > ${#closed})) || open=${open%?}
        ;;
      \"\" | \`\` | \{\}) open=${open%?} ;;
      \"\( | \"\{) [[ ${text:i-1:1} != \$ ]] || open+=$c ;;
      \"\') ;;
      *[\'\"\`\(]) open+=$c ;;
      *\{) [[ ${text:i-1:1} != \$ ]] || open+=$c ;;
    esac
    [[ -n $open ]] || break
  done
  REPLY=$((i + 1))
}

# Reads the words of a simple command ($1) as BASH_COMMAND has it, where leading assignments come first and redirections
# last. Sets __classroom_tunnel_words to as many words as are known, and __classroom_tunnel_value to what the command is
# given as its port variable: the array is empty without such an assignment, "?" is a value that is not known.
__classroom_tunnel_parse() {
  local _ct_assignment='^([A-Za-z_][A-Za-z_0-9]*)(\[[^]]*\])?(\+?)='
  __classroom_tunnel_words=() __classroom_tunnel_value=() __classroom_tunnel_rest=$1
  while
    __classroom_tunnel_rest=${__classroom_tunnel_rest#"${__classroom_tunnel_rest%%[![:space:]]*}"}
    [[ $__classroom_tunnel_rest =~ $_ct_assignment ]]
  do
    local _ct_name=${BASH_REMATCH[1]} _ct_append=${BASH_REMATCH[3]}
    __classroom_tunnel_rest=${__classroom_tunnel_rest:${#BASH_REMATCH[0]}}
    __classroom_tunnel_word expand || REPLY='?'
    [[ $_ct_name != "$__classroom_tunnel_variable" ]] || __classroom_tunnel_value=("${_ct_append:+${!_ct_name-}}$REPLY")
  done
  while [[ -n $__classroom_tunnel_rest && $__classroom_tunnel_rest != ['<>&|;()']* ]] && __classroom_tunnel_word; do
    __classroom_tunnel_words+=("$REPLY")
    __classroom_tunnel_rest=${__classroom_tunnel_rest#"${__classroom_tunnel_rest%%[![:space:]]*}"}
  done
}

# Sets REPLY to the watched command that a simple command ($1) is, or fails.
__classroom_tunnel_find() {
  local _ct_i _ct_j _ct_wanted _ct_bare=${1//[\'\"\\]/}
  for _ct_i in "${!__classroom_tunnel_watched[@]}"; do
    # shellcheck disable=SC2053
    [[ $_ct_bare == ${__classroom_tunnel_filters[_ct_i]} ]] || continue
    __classroom_tunnel_parse "${__classroom_tunnel_watched[_ct_i]}"
    _ct_wanted=("${__classroom_tunnel_words[@]}")
    ((${#_ct_wanted[@]})) || continue
    __classroom_tunnel_parse "$1"
    for _ct_j in "${!_ct_wanted[@]}"; do
      [[ ${__classroom_tunnel_words[_ct_j]-} == "${_ct_wanted[_ct_j]}" && -n ${__classroom_tunnel_words[_ct_j]+set} ]] || continue 2
    done
    REPLY=${__classroom_tunnel_watched[_ct_i]}
    return 0
  done
  return 1
}
