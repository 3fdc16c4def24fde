import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { drops } from '../../src/shell/drops.ts';

/** The files on an event's way from a terminal to a site. */
const files = [
  'src/vscode/terminalEvents.ts',
  'src/vscode/terminals.ts',
  'src/shell/terminalScanner.ts',
  'src/window/leases.ts',
  'src/window/window.ts',
].map((file) => ({ file, text: readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8') }));

describe('an event that leads to nothing', () => {
  for (const { file, text } of files) {
    it(`has its reason in ${file}`, () => {
      const bare = text.split('\n').filter((line) => /\) return( undefined)?;|\bcontinue;/.test(line));
      assert.deepEqual(bare, [], 'write `return drop(…)`, with a row in drops.ts');
    });
  }

  it('has no reason in the table that nothing gives', () => {
    const given = new Set(files.flatMap(({ text }) => [...text.matchAll(/drop\('(\w+)'\)/g)].map(([, code]) => code)));
    assert.deepEqual([...given].sort(), Object.keys(drops).sort());
  });
});
