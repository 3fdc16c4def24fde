import assert from 'node:assert/strict';
import { Running, until } from '../fixtures/shell/running.ts';
import { Terminal, type TerminalOptions } from '../fixtures/shell/terminal.ts';

const hook = Terminal.source('bash');
const publish = (port: number): string => `publish-shell -p ${port} --holder HOLDER --shell-pid PID`;
const release = 'release --holder HOLDER';
const address = 'your site is at https://student1.example.com';

describe('classroom-tunnel.bash', () => {
  const running = new Running();
  afterEach(() => running.end());

  const open = (options: TerminalOptions = {}): Terminal => new Terminal(running, 'bash', { rc: [hook], ...options });
  const called = async (terminal: Terminal, count: number): Promise<string[]> =>
    until(() => terminal.calls().length >= count && terminal.calls());

  describe('a watched command', () => {
    it('is published with the port the class gives, and its address printed', async () => {
      const terminal = open();
      await terminal.run('npm run dev');
      assert.equal(await terminal.said(), address);
      assert.deepEqual(terminal.calls(), [publish(3000)]);
      assert.deepEqual(terminal.lines('ran'), ['npm run dev with PORT=3000']);
    });

    const ports: [line: string, port: number][] = [
      ['PORT=3999 npm run dev', 3999],
      ['export PORT=3001; npm run dev', 3001],
      ['PORT=1 PORT="3002" npm run dev &', 3002],
      ['X=3003; PORT=$X npm run dev', 3003],
      ['name=30; PORT=${name}04 npm run dev', 3004],
      ["A='x y' B=$(echo 'PORT=1 ') PORT=3005 npm start --x | cat", 3005],
      ['PORT=300; PORT+=6 npm run dev', 3006],
      ['PORT=3007; npm run dev', 3007],
      ['cd . && { PORT=3008 npm run dev; } >/dev/null 2>&1', 3008],
    ];
    for (const [line, port] of ports) {
      it(`has the port that the command sees: ${line}`, async () => {
        const terminal = open();
        await terminal.run(line);
        assert.equal(await terminal.said(), address);
        assert.deepEqual(terminal.calls(), [publish(port)]);
        assert.match(await until(() => terminal.lines('ran').join()), new RegExp(`with PORT=${port}$`));
      });
    }

    const warnings: [line: string, said: RegExp][] = [
      [
        'unset PORT; npm run dev',
        /^this site is not public: The command runs without PORT, .* or type `export PORT=3000` first\.$/,
      ],
      ['PORT= npm run dev', /runs without PORT/],
      ['unset PORT; PORT=3000; npm run dev', /PORT is set but not exported.*type `export PORT` and/],
      ['PORT=abc npm run dev', /PORT that is not a number/],
      ['PORT=$(echo 3) npm run dev', /value of PORT cannot be read/],
    ];
    for (const [line, said] of warnings) {
      it(`is not public, and the student learns why: ${line}`, async () => {
        const terminal = open();
        await terminal.run(line);
        assert.match(await terminal.said(), said);
        assert.equal(terminal.lines('ran').length, 1);
        await terminal.run('true');
        assert.deepEqual(terminal.calls(), []);
      });
    }

    it('that cannot be published tells why, and what to do', async () => {
      const terminal = open();
      const problem = 'this site is not public: Port 3000 is "student2\'s". Use port 3001\\2.';
      terminal.answer('publish-shell', problem);
      await terminal.run('npm run dev');
      assert.equal(await terminal.said(), problem);
    });

    it('runs although the command is broken', async () => {
      const terminal = open({ env: { CLASSROOM_TUNNEL_CLI: 'missing' } });
      for (const [index, line] of ['npm run dev', 'PORT=3000 npm run dev'].entries()) {
        await terminal.run(line);
        assert.equal(
          await terminal.said(index + 1),
          'this site is not public: missing gave no answer (exit code 127). Tell your teacher.',
        );
      }
      assert.equal(terminal.lines('ran').length, 2);
    });

    it('does not wait for the network, and Ctrl-C does not undo the publication', async () => {
      const terminal = open();
      const goOn = terminal.hold('publish-shell');
      await terminal.run('npm run dev');
      assert.equal(terminal.lines('ran').length, 1);
      terminal.type('read -r _');
      terminal.type('\u0003');
      await terminal.run('true');
      await called(terminal, 1);
      goOn();
      assert.equal(await terminal.said(), address);
    });

    it('is told again each time it starts, by the same holder', async () => {
      const terminal = open();
      await terminal.run('npm run dev');
      await terminal.said(1);
      await terminal.run('npm start');
      await terminal.said(2);
      assert.equal(terminal.holders().length, 1);
    });
  });

  describe('the end of the shell', () => {
    it('takes the site down, with the exit status and the EXIT trap of the student', async () => {
      const terminal = open({ rc: [hook, `trap 'echo "mine $? $_" >"$HOME/mine"' EXIT`] });
      await terminal.run('npm run dev');
      await terminal.said();
      terminal.type('(exit 3)', 'exit');
      assert.deepEqual(await called(terminal, 2), [publish(3000), release]);
      await until(() => terminal.lines('mine').length > 0);
      assert.deepEqual(terminal.lines('mine'), ['mine 3 echo']);
      assert.equal(terminal.holders().length, 1);
    });

    for (const [when, npm] of [
      ['at the prompt', 'true'],
      ['while the server runs', 'sleep 600'],
    ] as const) {
      it(`by hang-up ${when} takes it down`, async () => {
        const terminal = open();
        terminal.program('npm', npm);
        terminal.type('npm run dev');
        await terminal.said();
        terminal.hangUp();
        assert.deepEqual(await called(terminal, 2), [publish(3000), release]);
      });
    }

    it('before the publication is done takes it down afterwards', async () => {
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

    it('releases nothing where nothing was published, and leaves the EXIT trap alone', async () => {
      const terminal = open({ rc: [hook, `trap 'echo gone >"$HOME/mine"' EXIT`] });
      assert.equal(await terminal.tell('trap -p EXIT'), `trap -- 'echo gone >"$HOME/mine"' EXIT`);
      terminal.type('exit');
      await until(() => terminal.lines('mine').length > 0);
      assert.deepEqual(terminal.calls(), []);
    });

    it('is not the end of a child', async () => {
      const terminal = open();
      await terminal.run('npm run dev');
      await terminal.said();
      await terminal.run(
        '(exit)',
        'echo $(exit)',
        'bash -c exit',
        '(true; exit 1) | cat',
        'exit & wait',
        '(eval "$(trap -p EXIT)")',
        `bash --noediting --rcfile ~/rc -i <<<'exit'`,
      );
      assert.deepEqual(terminal.calls(), [publish(3000)]);
    });

    it('of a shell in the shell releases what that one published', async () => {
      const terminal = open();
      await terminal.run('npm run dev');
      await terminal.said();
      terminal.type('bash --noediting --rcfile ~/rc -i');
      await terminal.run('npm run dev');
      await terminal.said(2);
      terminal.type('exit');
      assert.deepEqual(await called(terminal, 3), [publish(3000), publish(3000), release]);
      const [first, second] = terminal.holders();
      assert.notEqual(first, second);
      assert.ok(terminal.lines('calls').includes(`release --holder ${second ?? ''}`));
    });
  });

  describe('sourcing', () => {
    it('prints nothing, under set -u as well, also twice', async () => {
      const terminal = open({ rc: ['set -u', hook, hook, 'PS1='] });
      await terminal.run('npm run dev');
      assert.equal(await terminal.said(), address);
      assert.doesNotMatch(terminal.output, /unbound|bash:|rror/);
      assert.deepEqual(terminal.calls(), [publish(3000)]);
      assert.deepEqual(
        terminal.lines('calls').filter((call) => call.startsWith('shell-init')),
        ['shell-init bash'],
      );
    });

    it('takes the watched commands and the port from the environment', async () => {
      const terminal = open({
        rc: [`CLASSROOM_TUNNEL_CLI=(classroom-tunnel --quiet)`, hook],
        env: { PORT: '3005', CLASSROOM_TUNNEL_COMMANDS: 'pnpm dev\nnpm run "dev"' },
      });
      await terminal.run('npm start', 'npm run dev');
      await terminal.said();
      assert.deepEqual(terminal.calls(), [`--quiet ${publish(3005)}`]);
    });

    it('keeps a PORT of the student, and watches what the class watches', async () => {
      const terminal = open({ env: { PORT: '3005' } });
      await terminal.run('npm start');
      await terminal.said();
      assert.deepEqual(terminal.calls(), [publish(3005)]);
    });

    it('does nothing in a window with the extension, nor in a script', async () => {
      const terminal = open({ env: { CLASSROOM_TUNNEL_WINDOW: '1' } });
      await terminal.run('npm run dev');
      assert.equal(
        await terminal.tell('{ declare -F | grep -c classroom; echo "${PROMPT_COMMAND-none}"; trap -p; }'),
        '0\nnone',
      );
      assert.equal(
        await terminal.tell(`env -u CLASSROOM_TUNNEL_WINDOW bash -c "${hook}; npm run dev; trap -p; declare -F"`),
        '',
      );
      assert.deepEqual(terminal.lines('calls'), []);
    });
  });
});
