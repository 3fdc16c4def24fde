import assert from 'node:assert/strict';
import { isInOneProfile } from '../../src/window/installedExtensions.ts';

const id = 'classroom-tunnel.classroom-tunnel';
const listOf = (...entries: unknown[]): string => JSON.stringify(entries);

describe('the list of installed extensions', () => {
  it('tells an extension of one profile from one of all profiles', () => {
    const other = { identifier: { id: 'other.other' }, metadata: { isApplicationScoped: true } };
    assert.equal(isInOneProfile(listOf(other, { identifier: { id } }), id), true);
    assert.equal(isInOneProfile(listOf({ identifier: { id }, metadata: { source: 'vsix' } }), id), true);
    assert.equal(isInOneProfile(listOf({ identifier: { id }, metadata: { isApplicationScoped: true } }), id), false);
  });

  it('says nothing of an extension that it does not name, nor of a file that is no list', () => {
    for (const list of ['', '{', 'null', '{}', listOf(), listOf(null, 1, { identifier: 1 })])
      assert.equal(isInOneProfile(list, id), false, list);
  });
});
