#!/bin/sh
# @vscode/test-electron starts this as the executable of VS Code.
here=$(dirname "$(readlink -f "$0")")
exec node --import tsx "$here/launch.ts" "$@"
