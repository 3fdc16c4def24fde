import assert from 'node:assert/strict';
import { Running, until } from '../fixtures/shell/running.ts';
import { otherCommands, spellings, watched } from '../fixtures/shell/spellings.ts';
import { Terminal, type ShellName, type TerminalOptions } from '../fixtures/shell/terminal.ts';

const publish = (port: number): string => `publish-shell -p ${port} --holder HOLDER --shell-pid PID`;
const release = 'release --holder HOLDER';
const address = 'your site is at https://student1.example.com';

/** The behaviour that both share comes first, then each shell's own. */
const seen: Record<'both' | 'zsh' | 'fish', string[]> = {
  both: [
    'npm run dev',
    'npm run dev -- --host >/dev/null',
    `'npm' "run" d"ev"`,
    'npm 2>&1 run dev',
    'cd . && npm run dev',
    'false || npm run dev',
    'cd . ; npm run dev',
    'npm run dev | cat',
    'true | npm run dev',
    'npm run dev &',
    'time npm run dev',
    'npm start # a comment',
    'eval "npm run dev"',
    "eval 'cd .; npm run dev'",
    `A='x y' B="npm test" npm run dev`,
  ],
  zsh: [
    '>/dev/null npm run dev',
    'cat <<<x; npm run dev',
    'x=(a b) y=1 npm run dev',
    '{ npm run dev; }',
    'if true; then npm run dev; fi',
    'for x in a; do npm run dev; done',
    'while ! npm run dev; do :; done',
    'f() { npm run dev }; npm start',
    '(cd .); npm run dev',
    'case x in (x) npm run dev;; esac',
    'cd . &&\nnpm run dev',
  ],
  fish: [
    'begin; npm run dev; end',
    'if true; npm run dev; end',
    'for x in a; npm run dev; end',
    'while not npm run dev; true; end',
    'function f; npm test; end; npm start',
    'true; and npm run dev',
    'A=(echo "x)y") npm run dev',
    'if false\nelse\nnpm run dev\nend',
  ],
};
const notSeen: typeof seen = {
  both: [
    'npm run dev:api',
    'npm run',
    'npm run "dev x"',
    'npm "run dev"',
    'echo npm run dev',
    'echo "npm run dev"',
    "echo ';' npm run dev",
    'echo a; echo "; npm run dev"',
    '# npm run dev',
    'true # npm run dev',
    'echo if npm run dev',
    'command true npm run dev',
    'A="npm run dev" true',
    'echo \\; npm run dev',
    'true npm run dev',
  ],
  zsh: [
    '(npm test; true); echo (:) 2>/dev/null',
    'f() { npm run dev }',
    'function g { npm run dev }',
    'f() { if true; then { npm run dev }; fi }',
    'echo $(true npm run dev)',
    'cat <<E\nnpm run dev\nE',
    'x=(npm run dev)',
  ],
  fish: [
    'function f; npm run dev; end',
    'function g; if true; npm run dev; end; end',
    'echo (true; true npm run dev)',
    'set x npm run dev',
  ],
};
const own: Record<
  'zsh' | 'fish',
  { unset: string; unexported: string; add: string; type: string; variable: string; exit: string }
> = {
  zsh: {
    unset: 'unset PORT',
    unexported: 'PORT=3000',
    add: 'export PORT=3001',
    type: 'export PORT=3000',
    variable: 'X=3004',
    exit: `TRAPEXIT() { echo gone >>"$HOME/mine" }`,
  },
  fish: {
    unset: 'set -e PORT',
    unexported: 'set -g PORT 3000',
    add: 'set -gx PORT 3001',
    type: 'set -gx PORT 3000',
    variable: 'set X 3004',
    exit: 'function mine --on-event fish_exit; echo gone >>$HOME/mine; end',
  },
};

for (const shell of ['zsh', 'fish'] as const) {
  describe(`classroom-tunnel.${shell}`, () => {
    const running = new Running();
    afterEach(() => running.end());

    const hook = Terminal.source(shell satisfies ShellName);
    const open = (options: TerminalOptions = {}): Terminal => new Terminal(running, shell, { rc: [hook], ...options });
    const called = async (terminal: Terminal, count: number): Promise<string[]> =>
      until(() => terminal.calls().length >= count && terminal.calls());
    const { unset, unexported, add, type, variable, exit } = own[shell];

    it('publishes what is watched, wherever the line runs it', async () => {
      const terminal = open();
      const lines = [...seen.both, ...seen[shell]];
      for (const [index, line] of lines.entries()) {
        await terminal.run(line);
        await called(terminal, index + 1).catch(() => assert.fail(line));
        assert.equal(terminal.calls().length, index + 1, line);
      }
      assert.equal(await terminal.said(lines.length), address);
      assert.deepEqual([...new Set(terminal.calls())], [publish(3000)]);
      assert.equal(terminal.holders().length, 1);
    });

    it('does nothing about anything else', async () => {
      const terminal = open();
      await terminal.run(...notSeen.both, ...notSeen[shell], 'npm start');
      await terminal.said();
      assert.deepEqual(terminal.calls(), [publish(3000)]);
    });

    it('publishes a script in every spelling', async () => {
      const terminal = open({ env: { CLASSROOM_TUNNEL_COMMANDS: watched.join('\n') } });
      for (const name of ['npx', 'pnpm', 'yarn', 'bun', 'bunx', 'node', 'deno', 'vite']) terminal.program(name, ':');
      await terminal.run(...otherCommands);
      const lines = Object.values(spellings).flat();
      for (const [index, line] of lines.entries()) {
        await terminal.run(line);
        await called(terminal, index + 1).catch(() => assert.fail(line));
        assert.equal(terminal.calls().length, index + 1, line);
      }
    });

    it('publishes the port that the command sees', async () => {
      const terminal = open();
      await terminal.run(
        'PORT=3002 npm run dev',
        `PORT='3003' npm run dev`,
        variable,
        'PORT=$X npm run dev',
        add,
        'npm run dev',
      );
      await called(terminal, 4);
      assert.deepEqual(terminal.calls().sort(), [3001, 3002, 3003, 3004].map(publish));
      assert.deepEqual(
        terminal.lines('ran').map((line) => line.slice(-4)),
        ['3002', '3003', '3004', '3001'],
      );
    });

    it('tells why a site is not public', async () => {
      const terminal = open();
      await terminal.run(unset, 'npm run dev', unexported, 'npm run dev', 'PORT=abc npm run dev');
      await terminal.said(3);
      assert.equal(
        await terminal.said(1),
        `this site is not public: The command runs without PORT, so there is no port to publish. Stop it and start it in a new terminal, or type \`${type}\` first.`,
      );
      assert.match(await terminal.said(2), /PORT is set but not exported/);
      assert.match(await terminal.said(3), /PORT that is not a number/);
      assert.deepEqual(terminal.calls(), []);
      const problem = 'this site is not public: Port 3002 is "student2\'s". Use port 3001.';
      terminal.answer('publish-shell', problem);
      await terminal.run('PORT=3002 npm run dev');
      assert.equal(await terminal.said(4), problem);
    });

    it('does not wait for the network', async () => {
      const terminal = open();
      const goOn = terminal.hold('publish-shell');
      await terminal.run('npm run dev');
      assert.equal(terminal.lines('ran').length, 1);
      goOn();
      assert.equal(await terminal.said(), address);
    });

    it('releases at the end of the shell, and only there', async () => {
      const terminal = open({ rc: [hook, exit] });
      await terminal.run('npm run dev');
      await terminal.said();
      await terminal.run(shell === 'zsh' ? '(exit); echo $(exit); zsh -c exit' : 'fish -c exit; echo (true)');
      assert.deepEqual(terminal.calls(), [publish(3000)]);
      terminal.type('exit');
      assert.deepEqual(await called(terminal, 2), [publish(3000), release]);
      await until(() => terminal.lines('mine').length > 0);
    });

    it('releases when the terminal hangs up', async () => {
      const terminal = open();
      await terminal.run('npm run dev');
      await terminal.said();
      terminal.hangUp();
      assert.deepEqual(await called(terminal, 2), [publish(3000), release]);
    });

    it('releases after a publication that outlived the shell', async () => {
      const terminal = open();
      const goOn = terminal.hold('publish-shell');
      await terminal.run('npm run dev');
      await called(terminal, 1);
      terminal.type('exit');
      await called(terminal, 2);
      await terminal.ended();
      goOn();
      assert.deepEqual(await called(terminal, 3), [publish(3000), release, release]);
    });

    it('is silent, asks once, and does nothing in a window with the extension', async () => {
      const terminal = open({
        env: {
          CLASSROOM_TUNNEL_COMMANDS: 'npm run dev\nnpm test',
          PORT: '3005',
          CLASSROOM_TUNNEL_CLI: 'classroom-tunnel --quiet',
        },
      });
      await terminal.run('npm start', 'npm test');
      await terminal.said();
      assert.deepEqual(terminal.calls(), [`--quiet ${publish(3005)}`]);
      const inWindow = open({ env: { CLASSROOM_TUNNEL_WINDOW: '1' } });
      await inWindow.run('npm run dev');
      assert.deepEqual(inWindow.lines('calls'), []);
    });
  });
}
