import assert from 'node:assert/strict';
import { present } from '../../../src/window/present.ts';
import { emptyWindow, windowStep, type WindowEvent, type WindowState } from '../../../src/window/site/windowState.ts';
import { problem, shell } from './sites.ts';

const command = 'npm run dev';
const typed: WindowEvent = { type: 'lineStarted', shell, line: command, command, at: 0 };
const other = '77:7';

function after(...events: WindowEvent[]): WindowState {
  return events.reduce((state, event) => windowStep(state, event).state, emptyWindow);
}
const textAfter = (...events: WindowEvent[]): string => present(after(...events), 0).text;
const effectsOf = (event: WindowEvent, ...before: WindowEvent[]) => windowStep(after(...before), event).effects;

describe('a watched command that was typed', () => {
  const doubts: [string, WindowEvent, string][] = [
    ['is not found', { type: 'doubted', shell, doubt: { kind: 'notSeen' } }, 'npm run dev not found'],
    ['ends', { type: 'lineEnded', shell, exitCode: 1 }, 'npm run dev ended'],
    [
      'runs under another account',
      { type: 'doubted', shell, doubt: { kind: 'otherUser' }, command },
      'npm run dev runs under another account',
    ],
    [
      'has no port while the configuration is unknown',
      { type: 'doubted', shell, doubt: { kind: 'noConfiguration', problem: undefined }, command },
      'no port yet',
    ],
    [
      'has no port and the configuration cannot be read',
      { type: 'doubted', shell, doubt: { kind: 'noConfiguration', problem }, command },
      problem.title,
    ],
  ];

  it('is shown as starting, and never told to be typed', () => {
    const shown = present(after(typed), 0);
    assert.equal(shown.text, '$(loading~spin) Starting npm run dev');
    assert.doesNotMatch(shown.tooltip, /Type /);
  });

  for (const [what, doubt, text] of doubts) {
    it(`is explained when it ${what}`, () => {
      const shown = present(after(typed, doubt), 0);
      assert.equal(shown.text, `$(warning) Not public: ${text}`);
      assert.match(shown.tooltip, /command:classroomTunnel\.republish/);
    });

    it(`is no longer explained once it runs, although it ${what} before`, () => {
      const seen = { type: 'observed', shell, commands: [{ process: '12:1', port: 3000 }] } as const;
      assert.equal(textAfter(typed, doubt, seen), '$(sync~spin) Publishing');
    });
  }

  it('is forgotten with its terminal, and with the next line', () => {
    const ended: WindowEvent = { type: 'lineEnded', shell, exitCode: 1 };
    assert.equal(textAfter(typed, ended, { type: 'closed', shell }), '$(globe) Not public');
    assert.equal(textAfter(typed, ended, { type: 'lineStarted', shell, line: 'ls', at: 0 }), '$(globe) Not public');
  });

  it('keeps the better reason when it is not found either', () => {
    const otherUser: WindowEvent = { type: 'doubted', shell, doubt: { kind: 'otherUser' } };
    const notSeen: WindowEvent = { type: 'doubted', shell, doubt: { kind: 'notSeen' } };
    assert.match(textAfter(typed, otherUser, notSeen), /another account/);
  });

  it('says nothing of a line that runs no watched command', () => {
    const ls: WindowEvent = { type: 'lineStarted', shell, line: 'ls', at: 0 };
    for (const event of [
      { type: 'lineEnded', shell, exitCode: 1 },
      { type: 'doubted', shell, doubt: { kind: 'notSeen' } },
    ])
      assert.equal(textAfter(ls, event as WindowEvent), '$(globe) Not public');
  });
});

describe('a shell that takes the place of another', () => {
  const replaced: WindowEvent = { type: 'shellReplaced', shell: other, previous: shell, at: 0 };

  it('gets the command that was lost with it, once', () => {
    const again = { type: 'typeAgain', shell: other, line: command };
    assert.deepEqual(effectsOf(replaced, typed), [again]);
    const retyped: WindowEvent = { type: 'lineStarted', shell: other, line: command, command, at: 0 };
    const once: WindowEvent = { type: 'shellReplaced', shell: '99:9', previous: other, at: 0 };
    assert.deepEqual(effectsOf(once, typed, replaced, retyped), []);
    assert.equal(textAfter(typed, replaced, retyped, once), '$(warning) Not public: the terminal restarted');
  });

  it('gets no line that does more than one simple command', () => {
    for (const line of [
      'rm -rf x && npm run dev',
      'npm run dev > $LOG',
      'npm run dev & ls',
      'npm run dev `date`',
      'a\nnpm run dev',
    ]) {
      const event: WindowEvent = { type: 'lineStarted', shell, line, command, at: 0 };
      assert.deepEqual(effectsOf(replaced, event), [], line);
      assert.match(textAfter(event, replaced), /the terminal restarted/, line);
    }
    const simple: WindowEvent = { type: 'lineStarted', shell, line: 'PORT=3001 npm run dev -- --host', command, at: 0 };
    assert.equal(effectsOf(replaced, simple).length, 1);
  });

  it('gets the lost command only in the folder where it was typed', () => {
    const inFolder = (folder: string): WindowEvent => ({ ...typed, folder });
    const replacedIn = (folder?: string): WindowEvent => ({ ...replaced, folder });
    assert.equal(effectsOf(replacedIn('/home/student1'), inFolder('/home/student1')).length, 1);
    for (const other of ['/home/student1/app', undefined]) {
      assert.deepEqual(effectsOf(replacedIn(other), inFolder('/home/student1')), []);
      assert.match(textAfter(inFolder('/home/student1'), replacedIn(other)), /the terminal restarted/);
    }
  });

  const seen: WindowEvent = { type: 'observed', shell, commands: [{ process: '12:1', port: 3000 }] };

  const isAgain = ({ type }: { type: string }): boolean => type === 'typeAgain';

  it('gets a command that ran already, if VS Code replaces the shell of a new terminal', () => {
    const again = { type: 'typeAgain', shell: other, line: command };
    assert.deepEqual(effectsOf(replaced, typed, seen).filter(isAgain), [again]);
    const lost: WindowEvent = { type: 'lineEnded', shell, exitCode: undefined };
    assert.deepEqual(effectsOf(replaced, typed, seen, lost).filter(isAgain), [again]);
    assert.deepEqual(effectsOf(replaced, typed, lost).filter(isAgain), [again]);
  });

  it('gets nothing of a command that had ended, or that ran for long', () => {
    const ended: WindowEvent = { type: 'lineEnded', shell, exitCode: 1 };
    assert.deepEqual(effectsOf(replaced, typed, ended).filter(isAgain), []);
    assert.deepEqual(effectsOf(replaced, typed, seen, ended).filter(isAgain), []);
    assert.deepEqual(effectsOf({ ...replaced, at: 60_000 }, typed, seen).filter(isAgain), []);
  });

  it('holds the sites of the terminal, whose servers have ended', () => {
    const state = after(typed, seen, replaced);
    assert.deepEqual([...(state.sites.get(3000)?.runs ?? [])], [[other, { process: '12:1', running: false }]]);
    assert.deepEqual(
      windowStep(state, { type: 'closed', shell: other }).effects.map(({ type }) => type),
      ['release'],
    );
  });
});
