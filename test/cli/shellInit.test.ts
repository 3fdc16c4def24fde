import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { formatSettings, shells, type Shell, type ShellSettings } from '../../src/cli/shellInit.ts';
import { closeAll, startClassroom } from '../fixtures/provisioning/classroom.ts';

/** Prints the watched commands, the port and one warning, each followed by NUL. */
const show: Readonly<Record<Shell, string>> = {
  bash: `printf '%s\\0' "\${__classroom_tunnel_watched[@]}" "$PORT" "$__classroom_tunnel_no_port"`,
  zsh: `printf '%s\\0' "\${__classroom_tunnel_watched[@]}" "$PORT" "$__classroom_tunnel_no_port"`,
  fish: `printf '%s\\0' $__classroom_tunnel_watched "$PORT" $__classroom_tunnel_no_port`,
};

/** Evaluates lines in a shell, and reads back what they have set. */
function evaluate(shell: Shell, lines: string, env: Readonly<Record<string, string>> = {}): string[] {
  const out = execFileSync(shell, ['-c', `${lines}\n${show[shell]}`], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', LC_ALL: 'C.UTF-8', ...env },
  });
  return out.split('\0').slice(0, -1);
}

for (const shell of shells) {
  describe(`shell-init ${shell}`, () => {
    const settings: ShellSettings = { commands: ['npm run dev', 'npm start'], variable: 'PORT', port: 3001 };

    it('sets the watched commands, the port and the warnings', () => {
      const [first, second, port, warning = ''] = evaluate(shell, formatSettings(shell, settings));
      assert.deepEqual([first, second, port], ['npm run dev', 'npm start', '3001']);
      assert.match(warning, /^this site is not public: .*without PORT.*PORT.3001` first\.$/);
    });

    it('keeps a port that is set', () => {
      assert.equal(evaluate(shell, formatSettings(shell, settings), { PORT: '3005' })[2], '3005');
    });

    it('quotes any text', () => {
      const text = fc.stringMatching(/^['"\\$`!*?~#;&|()[\]{}<>\n\t aä%]{0,20}$/);
      fc.assert(
        fc.property(fc.array(text, { minLength: 50, maxLength: 50 }), text, (commands, problem) => {
          const lines = formatSettings(shell, { commands, variable: 'PORT', problem });
          assert.deepEqual(evaluate(shell, lines, { PORT: '1' }), [...commands, '1', problem]);
        }),
        { numRuns: 10 },
      );
    });
  });
}

describe('command: shell-init', () => {
  afterEach(closeAll);

  it('prints the settings of the caller, and makes no call', async () => {
    const classroom = await startClassroom({ config: { ports: { student1: 3001 }, commands: ['npm start'] } });
    const { code, out } = await classroom.run(['shell-init', 'bash']);
    assert.equal(code, 0);
    assert.deepEqual(evaluate('bash', out).slice(0, 2), ['npm start', '3001']);
    assert.deepEqual(classroom.standIn.requests, []);
  });

  it('gives the problem of a broken configuration as the warning', async () => {
    const classroom = await startClassroom({ config: { portVariable: 1 } });
    const { code, out } = await classroom.run(['shell-init', 'bash']);
    const [first, second, , warning = ''] = evaluate('bash', out);
    assert.deepEqual([code, first, second], [0, 'npm run dev', 'npm start']);
    assert.match(warning, /^this site is not public: .*config\.json: `portVariable` has the wrong type/);
  });

  it('rejects an unknown shell', async () => {
    const classroom = await startClassroom();
    assert.equal((await classroom.run(['shell-init', 'tcsh'])).code, 2);
  });
});

describe('command: publish --sentence', () => {
  afterEach(closeAll);

  it('prints the address', async () => {
    const classroom = await startClassroom();
    const { out } = await classroom.run(['publish', '-p', '23001', '--sentence']);
    assert.equal(out, 'your site is at https://student1.example.com\n');
  });

  it('prints the problem to stdout', async () => {
    const classroom = await startClassroom({ config: { ports: { student2: 23001 } } });
    const { code, out } = await classroom.run(['publish', '-p', '23001', '--sentence']);
    assert.equal(code, 77);
    assert.match(out, /^this site is not public: student1 may not publish port 23001: .*\n$/);
  });
});
