import assert from 'node:assert/strict';
import { isUpToDate } from '../../scripts/setup/dependencies.mjs';

const locked = {
  '': {},
  'node_modules/a': { version: '1.0.0' },
  'node_modules/only-elsewhere': { version: '1.0.0', optional: true },
};

describe('whether the dependencies are installed', () => {
  it('is so when every locked version is there; an optional one may be for another platform', () =>
    assert.equal(isUpToDate(locked, { 'node_modules/a': { version: '1.0.0' } }), true));

  it("is not so without npm's own list, which ends an installation", () =>
    assert.equal(isUpToDate(locked, undefined), false));

  it('is not so when one is missing or is another version', () => {
    assert.equal(isUpToDate(locked, {}), false);
    assert.equal(isUpToDate(locked, { 'node_modules/a': { version: '1.0.1' } }), false);
    assert.equal(
      isUpToDate(locked, {
        'node_modules/a': { version: '1.0.0' },
        'node_modules/only-elsewhere': { version: '2.0.0' },
      }),
      false,
    );
  });
});
