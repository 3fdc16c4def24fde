import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, root), 'utf8');
const document = read('docs/security-tests.md');
const rows = document.split('\n').filter((line) => line.startsWith('| ') && !/^\| (attack|row) \|/.test(line));

/** The tests that a row names, each with its file. */
const testsOf = (row: string): RegExpMatchArray[] => [...row.matchAll(/`(test\/[\w./-]+)`: "([^"]+)"/g)];

describe('docs/security-tests.md', () => {
  for (const row of rows) {
    const [, attack = ''] = row.split(' | ')[0]?.split('| ') ?? [];
    it(`names tests that there are against "${attack}"`, () => {
      const tests = testsOf(row);
      assert.ok(tests.length > 0);
      for (const [, file = '', title = ''] of tests)
        assert.ok(read(file).replaceAll("\\'", "'").includes(title), `${file} has no "${title}"`);
    });
  }

  it("has every row of the README's table of modes", () => {
    const [, table = ''] = read('README.md').split('| | service mode | shared mode |\n|---|---|---|\n');
    const modes = table.slice(0, table.indexOf('\n\n')).split('\n');
    assert.ok(modes.length >= 5);
    for (const mode of modes) {
      const [, name = ''] = mode.split('|').map((cell) => cell.trim());
      assert.ok(document.includes(`\n| ${name} | \``), name);
    }
  });
});
