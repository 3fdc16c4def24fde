import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { parseConfig } from '../src/provisioning/config.ts';
import { FixableError } from '../src/provisioning/errors.ts';

const root = new URL('../', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), 'utf8');
const readme = read('README.md');
const manifest = JSON.parse(read('package.json')) as {
  scripts: Record<string, string>;
  contributes: { configuration: { properties: Record<string, unknown> } };
};

/** The keys of the configuration, as the message about an unknown one lists them. */
function configurationKeys(): string[] {
  try {
    parseConfig(
      'config.json',
      JSON.stringify({ accountId: 'a', tunnelId: 't', zoneId: 'z', hostname: '{user}.example.com', unknown: 1 }),
      'server1',
    );
  } catch (error) {
    if (error instanceof FixableError) return error.action.replace(/^.*the keys are |\.$/g, '').split(', ');
  }
  throw new Error('an unknown key passes');
}

describe('documents', () => {
  it('the table of the configuration has every key, and no other', () => {
    const table = readme.slice(readme.indexOf('| key |'), readme.indexOf('A mistake in it'));
    assert.deepEqual([...table.matchAll(/^\| `([$\w]+)`/gm)].map(([, key]) => key).sort(), configurationKeys().sort());
  });

  it('name every setting of the window, and scripts that there are', () => {
    for (const setting of Object.keys(manifest.contributes.configuration.properties))
      assert(readme.includes(`\`${setting}\``), setting);
    for (const [, script = ''] of `${readme}${read('CONTRIBUTING.md')}`.matchAll(/`npm run ([\w:]+)/g))
      assert(script in manifest.scripts || script.startsWith('dev'), script);
  });

  for (const file of ['README.md', 'CONTRIBUTING.md', 'docs/architecture.md']) {
    it(`every link in ${file} leads somewhere`, () => {
      const links = [...read(file).matchAll(/\]\(([^)\s]+)\)/g)];
      assert.ok(links.length > 0);
      for (const [, target = ''] of links) {
        if (/^https?:/.test(target)) continue;
        const [path = '', place] = target.split('#');
        const linked = new URL(path, new URL(file, root));
        assert(existsSync(linked), target);
        if (place !== undefined) assert(headings(readFileSync(linked, 'utf8')).includes(place), target);
      }
    });
  }
});

function headings(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}
