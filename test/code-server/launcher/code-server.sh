#!/bin/sh
# Stands where @vscode/test-electron expects the executable of VS Code.
here=$(dirname "$(readlink -f "$0")")
exec node --import tsx "$here/launch.ts" "$@"
