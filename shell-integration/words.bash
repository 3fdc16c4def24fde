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

# Spells __classroom_tunnel_words as npm would, like src/shell/packageScripts.ts: `npm run dev` for `npm run-script dev`,
# `pnpm dev`, `yarn run dev`, `bun --bun dev` and `node --run=dev`; `npm exec vite` for `npx vite`. Flags are left out.
__classroom_tunnel_normalize() {
  local _ct_program=${__classroom_tunnel_words[0]-} _ct_rest=() _ct_word _ct_verb=run
  [[ $_ct_program == @(npm|npx|pnpm|pnpx|yarn|bun|bunx|node|deno) ]] || return 0
  for _ct_word in "${__classroom_tunnel_words[@]:1}"; do
    case $_ct_word in
      --run=*) _ct_rest+=(--run "${_ct_word#--run=}") ;;
      *) _ct_rest+=("$_ct_word") ;;
    esac
  done
  __classroom_tunnel_skip_flags
  case "$_ct_program ${_ct_rest[0]-}" in
    'npm run' | 'npm run-script' | 'npm rum' | 'npm urn' | 'pnpm run' | 'pnpm run-script' | 'yarn run' | 'bun run' | 'node --run' | 'deno task')
      _ct_rest=("${_ct_rest[@]:1}")
      __classroom_tunnel_skip_flags
      ;;
    'npm exec' | 'npm x' | 'pnpm exec' | 'pnpm dlx' | 'yarn exec' | 'yarn dlx' | 'bun x')
      _ct_verb=exec _ct_rest=("${_ct_rest[@]:1}")
      __classroom_tunnel_skip_flags
      ;;
    'npm start' | 'npm stop' | 'npm restart' | 'npm test') ;;
    'npx '* | 'pnpx '* | 'bunx '*) _ct_verb=exec ;;
    'npm '* | 'node '* | 'deno '*) return 0 ;;
  esac
  ((${#_ct_rest[@]})) || return 0
  __classroom_tunnel_words=(npm "$_ct_verb" "${_ct_rest[0]}")
  _ct_rest=("${_ct_rest[@]:1}")
  [[ ${_ct_rest[0]-} != -- ]] || _ct_rest=("${_ct_rest[@]:1}")
  __classroom_tunnel_words+=("${_ct_rest[@]}")
}

# Removes the flags of the caller's `_ct_program` from the start of its `_ct_rest`.
__classroom_tunnel_skip_flags() {
  local _ct_count
  while [[ ${_ct_rest[0]-} == -* && ${_ct_rest[0]} != --run ]]; do
    _ct_count=1
    case "$_ct_program ${_ct_rest[0]}" in
      *' --') _ct_rest=("${_ct_rest[@]:1}") && return ;;
      *' -'[CF] | *' --cwd' | *' --dir' | *' --env-file' | *' --filter' | *' --loglevel' | *' --package' | *' --prefix' | *' --workspace')
        _ct_count=2
        ;;
      'npm -w' | 'npm -p' | 'npx -p') _ct_count=2 ;;
    esac
    _ct_rest=("${_ct_rest[@]:_ct_count}")
  done
}

# Sets REPLY to the watched command that a simple command ($1) is, or fails.
__classroom_tunnel_find() {
  local _ct_i _ct_given _ct_bare=${1//[\'\"\\]/}
  for _ct_i in "${!__classroom_tunnel_watched[@]}"; do
    # shellcheck disable=SC2053
    [[ $_ct_bare == ${__classroom_tunnel_filters[_ct_i]} ]] || continue
    __classroom_tunnel_parse "$1"
    __classroom_tunnel_normalize
    printf -v _ct_given '%s\1' "${__classroom_tunnel_words[@]}"
    [[ $_ct_given == "${__classroom_tunnel_wanted[_ct_i]}"* ]] || continue
    REPLY=${__classroom_tunnel_watched[_ct_i]}
    return 0
  done
  return 1
}
