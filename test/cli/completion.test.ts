import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { takeGlobalOptions } from '../../src/cli/globalOptions.ts';
import { runProgram } from '../../src/cli/program.ts';
import { skip } from '../fixtures/skip.ts';

/** Runs the command in this process. */
async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const streams = {
    out: (line: string) => out.push(line),
    err: (line: string) => err.push(line),
    hide: () => undefined,
  };
  const env = { CLASSROOM_TUNNEL_CONFIG: '/no/such/config' };
  const stop = new AbortController().signal;
  const code = await runProgram(args, { ...streams, env, stop, peer: undefined });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

/** The output of a shell for a script; skips the test where there is no such shell. */
function shell(context: Mocha.Context, name: string, script: string): string {
  const { error, stdout, stderr } = spawnSync(name, ['-c', script], { encoding: 'utf8' });
  if (error) skip(context, `needs ${name}`);
  assert.equal(stderr, '');
  return stdout;
}

describe('the help', () => {
  it('of a bare call has the commands in groups, and examples', async () => {
    const { code, out } = await run();
    assert.equal(code, 0);
    const titles = [...out.matchAll(/^([A-Z].*):$/gm)].map(([, title]) => title);
    assert.deepEqual(titles.slice(0, 5), ['Options', 'Set-up', 'The class', 'At Cloudflare', 'For students']);
    assert.match(out, /Examples:/);
  });

  it('names what was meant, and has -v and `help COMMAND`', async () => {
    assert.match((await run('lst')).err, /unknown command 'lst'\n\(Did you mean list\?\)/);
    assert.equal((await run('lst')).code, 2);
    assert.match((await run('help', 'pause')).out, /--until <time>/);
    for (const flag of ['-v', '-V', '--version']) assert.match((await run(flag)).out, /^\d+\.\d+\.\d+/);
  });

  it('has global options that stand before the command only', () => {
    const take = (...words: string[]) => takeGlobalOptions(words, {});
    assert.deepEqual(take('-q', '--config', 'a', 'list'), {
      args: ['list'],
      env: { CLASSROOM_TUNNEL_CONFIG: 'a' },
      quiet: true,
    });
    assert.deepEqual(take('run', 'npm', '--config', 'a').args, ['run', 'npm', '--config', 'a']);
  });
});

describe('completions', () => {
  it('complete commands and options in bash', async function () {
    const { out } = await run('completion', 'bash');
    const script = `${out}\nCOMP_WORDS=(classroom-tunnel roster add --d) COMP_CWORD=3; _classroom_tunnel; echo "\${COMPREPLY[*]}"
COMP_WORDS=(classroom-tunnel re) COMP_CWORD=1; _classroom_tunnel; echo "\${COMPREPLY[*]}"`;
    assert.equal(shell(this, 'bash', script), '--dry-run\nresume restore release\n');
  });

  it('complete commands and options in fish', async function () {
    const { out } = await run('completion', 'fish');
    const script = `${out}\ncomplete -C 'classroom-tunnel paus'; complete -C 'classroom-tunnel pause --unt'`;
    assert.match(shell(this, 'fish', script), /^pause\t.*\n--until\t/);
  });

  it('are valid zsh', async function () {
    const { out } = await run('completion', 'zsh');
    shell(this, 'zsh', `autoload -Uz compinit && compinit -u -D; ${out}\n[[ -n $_comps[classroom-tunnel] ]]`);
  });

  it('have a manual page beside them', async () => {
    assert.match((await run('completion', 'man')).out, /^\.TH CLASSROOM-TUNNEL 1[\s\S]*\.SS roster add/);
  });
});
