#!/bin/sh
# Installs Classroom Tunnel on this server: the command, the relay, the extension and the shell hooks. Run it as root, in the
# folder that the archive made. It downloads and compiles nothing. NODE=/path/to/node chooses a Node.
set -eu
cd "$(dirname "$0")"
root=${DESTDIR:-}
bin=/usr/local/bin lib=/usr/local/lib/classroom-tunnel share=/usr/local/share/classroom-tunnel

fail() {
  printf 'install.sh: %s\n' "$@" >&2
  exit 1
}

# The service and every student run it, so a Node in somebody's home folder does not count.
is_shared() {
  case $(readlink -f "$1") in /root/* | /home/* | /run/user/*) return 1 ;; esac
}
is_new() {
  "$1" -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 12) ? 0 : 1)' 2>/dev/null
}
find_node() {
  node='' why='there is none'
  for found in ${NODE:-/usr/local/bin/node /usr/bin/node $(command -v node || true)}; do
    [ -x "$found" ] || continue
    if ! is_shared "$found"; then
      why="$found lies in a home folder, which other accounts cannot reach"
    elif ! is_new "$found"; then
      why="$found is $("$found" --version 2>&1 | head -n 1)"
    else
      node=$found
      return
    fi
  done
  fail "Node 20.12 or newer is needed, for all accounts of this server; $why." \
    'Debian 13 and Ubuntu 25.04 have it: apt-get install nodejs' \
    'Others: curl -fsSL https://deb.nodesource.com/setup_24.x | bash - && apt-get install -y nodejs' \
    'Then run install.sh again.'
}

sha256sum -c SHA256SUMS >/dev/null || fail 'The archive is damaged: a file is not as its checksum says. Download it again.'
[ -n "$root" ] || [ "$(id -u)" = 0 ] || fail "Only root may write into /usr/local: sudo $0"
find_node

umask 022
list=$(mktemp)
trap 'rm -f "$list"' EXIT
# Folders that an earlier install.sh made; they end with a slash.
grep '/$' "$root$lib/installed" >>"$list" 2>/dev/null || true
put() { # MODE SOURCE TARGET
  folder=$(dirname "$3")
  while [ "$folder" != / ] && [ ! -d "$root$folder" ]; do
    echo "$folder/" >>"$list"
    folder=$(dirname "$folder")
  done
  mkdir -p "$root$(dirname "$3")"
  cp "$2" "$root$3.new"
  chmod "$1" "$root$3.new"
  mv -f "$root$3.new" "$root$3"
  echo "$3" >>"$list"
}
put 644 relay.cjs "$lib/relay.cjs"
put 644 classroom-tunnel.vsix "$lib/classroom-tunnel.vsix"
for file in units/*; do put 644 "$file" "$lib/$file"; done
(cd share && find . -type f) | while read -r file; do put 644 "share/$file" "/usr/local/share/${file#./}"; done
for file in shell-integration/*; do put 644 "$file" "$share/${file##*/}"; done
# An absolute path: a student's or a service's PATH may lead to another Node.
sed "1s|.*|#!$node --inspect-port=192.0.2.1:9229|" cli.js >"$list.cli"
put 755 "$list.cli" "$bin/classroom-tunnel"
rm -f "$list.cli"
# What `classroom-tunnel uninstall` removes.
echo "$lib/installed" >>"$list"
cp "$list" "$list.all"
put 644 "$list.all" "$lib/installed"
rm -f "$list.all"
echo "Installed $bin/classroom-tunnel $(cat VERSION), with $node. Next: sudo classroom-tunnel setup"
