import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe as describeList } from '../src/cli/list.ts';
import { emptyState } from '../src/provisioning/publications.ts';

const root = new URL('../', import.meta.url);
const document = readFileSync(new URL('docs/json.md', root), 'utf8');
const cli = new URL('src/cli/', root);
const sources = readdirSync(cli, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const text = sources.map((file) => readFileSync(new URL(file, cli), 'utf8')).join('\n');

describe('docs/json.md', () => {
  it('names every event that the command prints', () => {
    const events = new Set([...text.matchAll(/\bevent: '(\w+)'/g)].map(([, name = '']) => name));
    assert.ok(events.size > 15);
    const heads = document
      .split('\n')
      .flatMap((line) => /^\| (`\w+`(?:, `\w+`)*) \|/.exec(line)?.[1]?.match(/\w+/g) ?? []);
    assert.deepEqual(
      [...events].filter((event) => !heads.includes(event)),
      [],
    );
  });

  it('names every field of a list', () => {
    const site = { hostname: 'a.example.com', user: 'a', port: 1, machine: 'm', service: 's', since: 'T', holders: [] };
    const since = new Date().toISOString();
    const state = {
      ...emptyState,
      publications: new Map([['a', site]]),
      controls: { stops: [{ user: 'a', since, sites: [], sockets: [] }], pauses: [{ since }] },
    };
    const { event } = describeList(state, { openingHours: [], publicUrl: 'https://{hostname}' }, since);
    const row = document.split('\n').find((line) => line.startsWith('| `list` '));
    const keys = (value: unknown): string[] =>
      typeof value !== 'object' || value === null
        ? []
        : Array.isArray(value)
          ? value.flatMap(keys)
          : Object.entries(value).flatMap(([key, inner]) => [key, ...keys(inner)]);
    for (const key of keys(event)) assert.ok(key === 'event' || row?.includes(`\`${key}\``), key);
  });
});
