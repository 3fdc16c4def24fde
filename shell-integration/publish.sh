#!/bin/sh
# Publishes and releases for the hooks of all shells, and tells the student what came of it.
#
#   publish.sh publish|release SHELL_PID HOLDER PORT COMMAND...
#
# `publish` is run in the background, so that nothing keeps the student from working; `release` puts itself there, because
# nobody wants to wait for a closing terminal.

what=$1 shell=$2 holder=$3 port=$4
shift 4
# The line for the student is printed, and the work finished, whatever is typed or closed meanwhile.
trap '' HUP INT TTOU

say() {
  { printf '%s\n' "Classroom Tunnel: $1" >/dev/tty; } 2>/dev/null || printf '%s\n' "Classroom Tunnel: $1" >&2
}

release() {
  "$@" release --holder "$holder" >/dev/null 2>&1
}

# The text of a field ($2) in the line of JSON that is $1.
field() {
  printf '%s\n' "$1" | sed -n "s/.*\"$2\":\"\(\([^\"\\\\]\|\\\\.\)*\)\".*/\1/p" | sed 's/\\[nt]/ /g; s/\\\(.\)/\1/g'
}

if [ "$what" = release ]; then
  release "$@" &
  exit
fi

answer=$("$@" publish -p "$port" --holder "$holder" --holder-pid "$shell" --json 2>/dev/null)
code=$?
answer=$(printf '%s\n' "$answer" | tail -n 1)
case $answer in
  *'"event":"published"'*) say "your site is at $(field "$answer" url)" ;;
  *'"message":'*) say "this site is not public: $(field "$answer" message) $(field "$answer" action)" ;;
  *) say "this site is not public: $* gave no answer (exit code $code). Tell your teacher." ;;
esac
# The shell may have ended meanwhile: then its own release came too early.
kill -0 "$shell" 2>/dev/null || release "$@"
