import assert from 'node:assert/strict';
import fc from 'fast-check';
import { windowStep } from '../../../src/window/site/windowState.ts';
import { anyMove, anyShell, commandSeen, Model, shells } from './windowModel.ts';

describe('the window, whatever events come', () => {
  it('keeps its invariants, and notifies once of each publication and of each refusal', () => {
    fc.assert(
      fc.property(fc.array(anyMove, { maxLength: 60 }), (moves) => {
        const model = new Model();
        for (const move of moves) move(model);
      }),
      { numRuns: 3000 },
    );
  });

  it('holds nothing once its terminals are closed', () => {
    fc.assert(
      fc.property(fc.array(anyMove, { maxLength: 60 }), (moves) => {
        const model = new Model();
        for (const move of moves) move(model);
        for (const shell of shells) model.send({ type: 'closed', shell });
        while (model.pending.length > 0) model.answer('created');
        assert.deepEqual([...model.held], []);
        assert.equal(model.state.sites.size, 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('does nothing when it sees the same commands again', () => {
    fc.assert(
      fc.property(
        fc.array(anyMove, { maxLength: 40 }),
        anyShell,
        fc.uniqueArray(commandSeen, { maxLength: 2, selector: ({ process }) => process }),
        (moves, shell, commands) => {
          const model = new Model();
          for (const move of moves) move(model);
          model.send({ type: 'observed', shell, commands });
          const seen = model.state;
          const { state, effects } = windowStep(seen, { type: 'observed', shell, commands });
          assert.deepEqual(effects, []);
          assert.equal(state.sites, seen.sites);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('one terminal with commands on two ports', () => {
  const first = { process: '100:1', port: 3000 };
  const second = { process: '101:1', port: 3001 };
  const after = (...looks: readonly (readonly { process: string; port: number }[])[]) => {
    const model = new Model();
    for (const commands of looks) {
      model.send({ type: 'observed', shell: '10:1', commands });
      while (model.pending.length > 0) model.answer('created');
    }
    return model;
  };

  it('keeps the link of a command that restarts while another starts', () => {
    const model = after([first], [], [second, { ...first, process: '102:1' }]);
    assert.deepEqual([...model.state.sites.keys()].sort(), [3000, 3001]);
    assert.deepEqual([...model.publications.values()], [1, 1]);
  });

  it('keeps a command that one look missed', () => {
    const model = after([first], [], [first, second]);
    assert.deepEqual(
      [...model.state.sites.values()].map(({ kind }) => kind),
      ['waiting', 'waiting'],
    );
  });

  it('releases the port that the command moved away from', () => {
    assert.deepEqual([...after([first], [], [second]).state.sites.keys()], [3001]);
  });
});
