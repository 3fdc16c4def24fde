import assert from 'node:assert/strict';
import { multiplexerOf, screenSession, tmuxSocket } from '../../src/shell/multiplexers.ts';

const none = new Map<string, string>();

describe('tmux and screen', () => {
  for (const [argv, kind] of [
    [['tmux'], 'tmux'],
    [['tmux: client'], 'tmux'],
    [['/usr/bin/tmux', 'attach'], 'tmux'],
    [['SCREEN', '-S', 'x'], 'screen'],
    [['screen'], 'screen'],
    [['tmuxinator'], undefined],
    [['node', 'tmux'], undefined],
    [[''], undefined],
    [[], undefined],
  ] as const) {
    it(`${argv.join(' ') || 'nothing'} is ${kind ?? 'neither'}`, () => assert.equal(multiplexerOf(argv), kind));
  }

  it('a tmux server is known by its socket', () => {
    assert.equal(tmuxSocket(['tmux'], none), '/tmp/default');
    assert.equal(tmuxSocket(['tmux', '-L', 'class', 'new'], none), '/tmp/class');
    assert.equal(tmuxSocket(['tmux', '-Lclass'], none), '/tmp/class');
    assert.equal(tmuxSocket(['tmux', '-S', '/run/x'], none), '/run/x');
    assert.equal(tmuxSocket(['tmux', 'attach'], new Map([['TMUX_TMPDIR', '/home/t']])), '/home/t/default');
  });

  it("a screen server is known by its session's name", () => {
    assert.equal(screenSession(['screen', '-r', '123.work']), 'work');
    assert.equal(screenSession(['SCREEN', '-S', 'work']), 'work');
    assert.equal(screenSession(['screen', '-d', '-r', 'work']), 'work');
    assert.equal(screenSession(['screen']), undefined);
  });
});
