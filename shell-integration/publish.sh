#!/bin/sh
# Publishes and releases for the hooks of all shells, and tells the student the outcome.
#
#   publish.sh publish SHELL_PID HOLDER PORT COMMAND...
#   publish.sh release SHELL_PID HOLDER '' COMMAND...
#   publish.sh say     SHELL_PID HOLDER TEXT
#
# The hooks run `publish` in the background, so that it does not delay the watched command; `release` puts itself there, so that
# it does not delay the closing of the terminal.

what=$1 shell=$2 holder=$3 value=$4
shift 4
# The outcome is printed and the work finished, whatever is typed or closed while it runs.
trap '' HUP INT TTOU

# To the terminal, even if the output of the command goes elsewhere.
say() {
  { printf '%s\n' "Classroom Tunnel: $1" >/dev/tty; } 2>/dev/null || printf '%s\n' "Classroom Tunnel: $1" >&2
}

release() {
  "$@" release --holder "$holder" >/dev/null 2>&1
}

case $what in
  say) say "$value" ;;
  release) release "$@" & ;;
  publish)
    # Serves the site until the shell ends, and prints a line now and then.
    {
      "$@" publish-shell -p "$value" --holder "$holder" --shell-pid "$shell" --run-pid "$$" 2>/dev/null
      printf '\nexit code %d\n' "$?"
    } | {
      last=
      while IFS= read -r line; do
        case $line in
          '') continue ;;
          "exit code "*) [ -n "$last" ] || say "this site is not public: $* gave no answer ($line). Tell your teacher." ;;
          *) say "$line" ;;
        esac
        last=$line
      done
    }
    # If the shell has ended, its own release came too early.
    kill -0 "$shell" 2>/dev/null || release "$@"
    ;;
esac
