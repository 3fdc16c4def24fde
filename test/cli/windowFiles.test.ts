import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  addSettings,
  addTrustedDomain,
  hasTrustedDomain,
  parseSettings,
  removeSettings,
  removeTrustedDomain,
} from '../../src/cli/setup/windowFiles.ts';
import { windowChanges } from '../../src/cli/setup/windows.ts';

const ours = { 'remote.autoForwardPorts': false, 'classroomTunnel.configFile': '/srv/class/config.json' };
const domain = '*.example.com';

const settings = fc.dictionary(
  fc.constantFrom('editor.fontSize', 'a "quoted" key', 'remote.autoForwardPorts', '// no comment', '{'),
  fc.oneof(
    fc.boolean(),
    fc.integer(),
    fc.constantFrom('/* text */', 'a, b', '}', 'remote.autoForwardPorts'),
    fc.constant({ a: [1] }),
  ),
  { noNullPrototype: true },
);
const text = fc
  .tuple(settings, fc.constantFrom(0, 2, 4))
  .map(([value, indent]) => JSON.stringify(value, undefined, indent));

describe("a student's machine settings", () => {
  it('gain ours, and keep the value of every setting that is there', () => {
    fc.assert(
      fc.property(text, (before) => {
        const after = addSettings(before, ours);
        assert.deepEqual(parseSettings(after ?? ''), { ...ours, ...JSON.parse(before) });
        assert.equal(addSettings(after, ours), after);
      }),
    );
  });

  it('lose ours again, and nothing else', () => {
    fc.assert(
      fc.property(text, (before) => {
        const known = JSON.parse(before) as Record<string, unknown>;
        const added = Object.fromEntries(Object.entries(ours).filter(([key]) => !Object.hasOwn(known, key)));
        const after = removeSettings(addSettings(before, ours) ?? '', added);
        assert.deepEqual(parseSettings(after ?? '{}'), known);
      }),
    );
  });

  it('keep their comments, also with trailing commas', () => {
    const before = '// { "a": 1 }\n{\n    // mine\n    "editor.fontSize": 14, /* "x": 1, */\n}\n';
    const after = addSettings(before, { 'remote.autoForwardPorts': false });
    assert.equal(after, before.replace('{\n    // mine', '{\n    "remote.autoForwardPorts": false,\n    // mine'));
    assert.equal(removeSettings(after, { 'remote.autoForwardPorts': false }), before);
  });

  it('are made when there are none, and gone when nothing is left', () => {
    const made = addSettings(undefined, ours) ?? '';
    assert.deepEqual(JSON.parse(made), ours);
    assert.equal(removeSettings(made, ours), undefined);
  });

  it('are left alone when they are not an object', () => {
    for (const broken of ['[]', '{', '"text"', '{"a": }']) {
      assert.equal(addSettings(broken, ours), undefined);
      const facts = { extensions: undefined, settings: broken, serverConfig: undefined };
      const wishes = { version: '1.0.0', vsix: '/x.vsix', settings: ours, trustedDomain: domain };
      assert.deepEqual(windowChanges(facts, wishes), { installs: true, problem: 'is not a JSON object' });
    }
  });
});

describe("the trusted domains of a student's code-server", () => {
  const others = 'bind-addr: 127.0.0.1:8080\nauth: password\n';
  for (const [what, before, after] of [
    ['no list', others, `${others}link-protection-trusted-domains:\n  - "*.example.com"\n`],
    ['no line end', 'cert: false', 'cert: false\nlink-protection-trusted-domains:\n  - "*.example.com"\n'],
    [
      'a list in lines',
      'link-protection-trusted-domains:\n- "a.org"\ncert: false\n',
      'link-protection-trusted-domains:\n- "*.example.com"\n- "a.org"\ncert: false\n',
    ],
    [
      'a list in brackets',
      'link-protection-trusted-domains: ["a.org"]\n',
      'link-protection-trusted-domains: ["*.example.com", "a.org"]\n',
    ],
  ] as const) {
    it(`gain ours, and lose it again: ${what}`, () => {
      const added = addTrustedDomain(before, domain);
      assert.equal(added, after);
      assert.ok(hasTrustedDomain(added, domain) && !hasTrustedDomain(before, domain));
      assert.equal(addTrustedDomain(added, domain), added);
      assert.equal(removeTrustedDomain(added, domain), before.endsWith('\n') ? before : `${before}\n`);
    });
  }

  it('keep a single domain beside ours', () => {
    const added = addTrustedDomain('link-protection-trusted-domains: "a.org"\n', domain);
    assert.equal(added, 'link-protection-trusted-domains:\n  - "a.org"\n  - "*.example.com"\n');
  });
});
