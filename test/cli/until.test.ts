import assert from 'node:assert/strict';
import { parseUntil } from '../../src/cli/until.ts';

const now = new Date(2026, 0, 31, 10, 0, 30);
const at = (...parts: [number, number, number, number, number]) => new Date(...parts).toISOString();

describe('the end of a pause', () => {
  const cases: [string, string][] = [
    ['10:30', at(2026, 0, 31, 10, 30)],
    ['10:01', at(2026, 0, 31, 10, 1)],
    ['10:00', at(2026, 1, 1, 10, 0)],
    ['9:15', at(2026, 1, 1, 9, 15)],
    ['30m', new Date(now.getTime() + 1_800_000).toISOString()],
    ['2h', new Date(now.getTime() + 7_200_000).toISOString()],
    ['2026-02-01T09:00:00.000Z', '2026-02-01T09:00:00.000Z'],
    ['2026-02-01T10:00:00+01:00', '2026-02-01T09:00:00.000Z'],
  ];
  for (const [text, expected] of cases) {
    it(`"${text}" is ${expected}`, () => {
      assert.equal(parseUntil(text, now), expected);
    });
  }

  for (const text of ['', '24:00', '10:60', '0m', '30', '30 m', '-5m', '2026-01-01T00:00:00Z', '2026-02-01', 'noon']) {
    it(`refuses "${text}"`, () => {
      assert.throws(() => parseUntil(text, now), /A time is|This time is over/);
    });
  }
});
