import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Running } from '../fixtures/shell/running.ts';
import { Terminal, type TerminalOptions } from '../fixtures/shell/terminal.ts';

const hook = Terminal.source('bash');
const fixture = (name: string): string => `source '${join(import.meta.dirname, '../fixtures/shell', name)}'`;
const publish = (port: number): string => `publish-shell -p ${port} --holder HOLDER --shell-pid PID`;
const address = 'your site is at https://student1.example.com';

describe('classroom-tunnel.bash and others', () => {
  const running = new Running();
  afterEach(() => running.end());

  const open = (options: TerminalOptions = {}): Terminal => new Terminal(running, 'bash', { rc: [hook], ...options });

  describe('other commands', () => {
    it('start no process at all', async () => {
      const terminal = open();
      // Field 11 of proc(5)'s stat counts page faults of children that were waited for: every child makes some.
      await terminal.run(
        'read -r before </proc/$$/stat; for i in {1..500}; do true; : npm run "dev"; npm=$i; done; echo npm run dev; PATH= ; read -r after </proc/$$/stat',
        'PATH=/bin:/usr/bin',
      );
      const faults = await terminal.tell('{ set -- $before; echo -n "${11} "; set -- $after; echo "${11}"; }');
      const [before, after] = faults.split(' ');
      assert.equal(after, before);
      assert.deepEqual(terminal.calls(), []);
    });

    it('see their own $? and $_, with and without a DEBUG trap of the student', async () => {
      for (const rc of [[hook], [hook, 'trap ": mine" DEBUG'], ['trap ": mine" DEBUG', hook]]) {
        const terminal = open({ rc });
        await terminal.run('npm run dev last', 'underscore=$_', '(exit 4)', 'status=$?');
        assert.equal(
          await terminal.tell('echo "$underscore $status"'),
          rc.length === 1 ? 'last 4' : `${await terminal.tell('echo $underscore')} 4`,
        );
      }
    });

    it('are skipped under extdebug only where the student wants it', async () => {
      const terminal = open();
      await terminal.run('shopt -s extdebug; false', 'echo ran >>"$HOME/ran"');
      assert.deepEqual(terminal.lines('ran'), ['ran']);
    });
  });

  describe('beside others', () => {
    const mine = `trap 'echo "$? $_ $BASH_COMMAND" >>"$HOME/mine"' DEBUG`;
    for (const [order, rc] of [
      ['before', [mine, hook]],
      ['after', [hook, mine]],
    ] as const) {
      it(`keeps the DEBUG trap that the student set ${order} it`, async () => {
        const terminal = open({ rc });
        await terminal.run('(exit 5)', 'echo a b', 'true && npm run dev');
        assert.equal(await terminal.said(), address);
        const seen = terminal.lines('mine').join('\n');
        assert.match(seen, /^5 \S+ echo a b$/m);
        assert.match(seen, /^0 b true$/m);
        assert.match(seen, /^0 true npm run dev$/m);
      });
    }

    it('keeps a DEBUG trap that is set at the prompt before sourcing', async () => {
      const terminal = open({ rc: [] });
      await terminal.run(mine, hook, 'npm run dev');
      assert.equal(await terminal.said(), address);
      assert.match(terminal.lines('mine').join('\n'), / npm run dev$/m);
    });

    const others: [name: string, line: string, env: Record<string, string>, works: (terminal: Terminal) => boolean][] =
      [
        [
          "VS Code's integration",
          fixture('vscode/shellIntegration-bash.sh'),
          { VSCODE_NONCE: 'nonce', VSCODE_STABLE: '1' },
          ({ output }) => output.includes('633;C'),
        ],
        [
          'bash-preexec',
          `preexec() { echo "$1" >>"$HOME/preexec"; }; ${fixture('preexec.bash')}`,
          {},
          (terminal) => terminal.lines('preexec').includes('cd .'),
        ],
      ];
    for (const [name, line, env, works] of others) {
      for (const rc of [
        [line, hook],
        [hook, line],
        [hook, mine, line],
        [mine, line, hook],
      ]) {
        it(`sees every simple command with ${name}: ${rc.map((each) => (each === hook ? 'ours' : each === mine ? "the student's trap" : 'theirs')).join(', ')}`, async () => {
          const terminal = open({ rc, env });
          await terminal.run('cd . && npm run dev');
          assert.equal(await terminal.said(), address);
          await terminal.run('npm start');
          await terminal.said(2);
          await terminal.run('true; true; PORT=3001 npm run dev');
          await terminal.said(3);
          assert.deepEqual(terminal.calls(), [publish(3000), publish(3000), publish(3001)]);
          assert.ok(works(terminal));
          if (rc.length > 2) assert.ok(terminal.lines('mine').length > 0);
        });
      }
    }
  });
});
