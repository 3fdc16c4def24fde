import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { explore } from './sites.ts';

/** The arrows of the drawing, each as `from --> to : event`. */
function drawn(): string[] {
  const text = readFileSync(new URL('../../../docs/architecture.md', import.meta.url), 'utf8');
  const diagram = /```mermaid\nstateDiagram-v2\n([^`]*)```/.exec(text)?.[1] ?? '';
  return diagram.split('\n').flatMap((line) => {
    const [, from, to, events] = /^\s*(\w+) --> (\w+) : (.+)$/.exec(line) ?? [];
    return (events ?? '')
      .split(',')
      .filter((event) => event !== '')
      .map((event) => `${from} --> ${to} : ${event.trim()}`);
  });
}

describe("the drawing of a site's states in docs/architecture.md", () => {
  it('shows the transitions of the state machine', () => {
    const done = new Set(explore().map(({ from, to, event }) => `${from} --> ${to} : ${event}`));
    assert.deepEqual(drawn().sort(), [...done].sort());
  });
});
