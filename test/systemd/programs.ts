// Programs that a bare Debian does not have, in the smallest form that a set-up can tell from the real ones.

/** Connects a tunnel for as long as it runs: it tells the stand-in's edge. @param port where that is told */
export const cloudflared = (port: number) => `#!/usr/bin/node
const { readFileSync } = require('node:fs');
const { get } = require('node:http');
const file = process.argv[process.argv.indexOf('--token-file') + 1];
const { t } = JSON.parse(Buffer.from(readFileSync(file, 'utf8').trim(), 'base64').toString());
const tell = (what, then) => get('http://127.0.0.1:${port}/' + what + '?tunnel=' + t, (answer) => answer.resume().on('end', then));
tell('start', () => {});
process.on('SIGTERM', () => tell('stop', () => process.exit(0)));
setInterval(() => {}, 60_000);
`;

/** Keeps a list of extensions, and writes its configuration when it first runs. */
export const codeServer = (version: string) => `#!/bin/sh
set -e
list=$HOME/.local/share/code-server/extensions/extensions.json
mkdir -p "$(dirname "$list")" "$HOME/.config/code-server"
config=$HOME/.config/code-server/config.yaml
[ -e "$config" ] || printf 'bind-addr: 127.0.0.1:8080\\nauth: none\\n' >"$config"
case $1 in
  --install-extension) cat "$2" >/dev/null; echo '[{"identifier":{"id":"classroom-tunnel.classroom-tunnel"},"version":"${version}"}]' >"$list" ;;
  --uninstall-extension) echo '[]' >"$list" ;;
esac
`;

/** A student's dev server. */
export const devServer = `const { userInfo } = require('node:os');
require('node:http')
  .createServer((asked, answer) => answer.end('Hello from ' + userInfo().username + ' at ' + process.env.PORT))
  .listen(process.env.PORT, '127.0.0.1');
`;
