#!/bin/sh
# The guardian of one window: releases what the window published once the window is gone, however it went.
#
#   guardian.sh GRACE_SECONDS COMMAND [ARGUMENT...]
#
# It blocks on its standard input, a pipe that only the window's extension host holds open. The kernel closes that pipe
# when the host ends, be it by SIGKILL. Then the guardian waits for the grace, in which a reloaded window claims its
# publication anew, and becomes COMMAND. The line "released" says that nothing is left to do: it ends without running it.
# A signal means that the whole service stops: it runs COMMAND at once, also during the grace.
# It must be started as the leader of a session of its own, so that no terminal and no process group takes it along.

grace=$1
shift

# Becoming the command leaves no process of ours behind; "wait" takes the ended sleep off the process table first.
# Further signals find the command already at work, so they are ignored.
trap 'trap "" TERM HUP INT; kill "$!" 2>/dev/null && wait "$!"; exec "$@" </dev/null' TERM HUP INT

# Nobody's folder is kept from being removed or unmounted.
cd / || exit 1

line=
while read -r line; do
  [ "$line" = released ] && exit 0
done
[ "$line" = released ] && exit 0

# In the background, because a shell runs its traps during "wait" but not before a foreground child has ended.
sleep "$grace" </dev/null &
wait "$!"
exec "$@" </dev/null
