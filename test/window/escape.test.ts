import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  forLog,
  forMarkdown,
  forMarkdownCode,
  forNotification,
  forStatusBar,
  markdownLink,
  notificationLink,
} from '../../src/window/escape.ts';

/** Names that a hostname or an account may have: RFC 1035 labels, and what useradd, LDAP and AD let through. */
const names = [
  'student1-class.example.com',
  'a_b.example.com',
  'max.muster',
  'DOMAIN\\student1',
  'student1@example.com',
  'jo$',
  "o'neil",
  'günther',
];

describe('text in a notification', () => {
  it('shows every name as it is, also in a link', () => {
    for (const name of names) {
      assert.equal(forNotification(name), name);
      assert.equal(
        notificationLink({ hostname: name, url: 'https://a-b.example.com' }),
        `[${name}](https://a-b.example.com)`,
      );
    }
  });

  it('never becomes a link', () => {
    // The pattern of VS Code's parseLinkedText (src/vs/base/common/linkedText.ts).
    const linked = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
    const parts = fc.array(fc.constantFrom('[', ']', '(', ')', '](', 'command:x', 'https://x', 'a', ' '), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(parts, (words) => {
        assert.doesNotMatch(forNotification(words.join('')), linked);
      }),
    );
  });
});

describe('text in the status bar', () => {
  it('never becomes an icon', () => {
    assert.equal(forStatusBar('$(flame) $$(x)'), '$ (flame) $$ (x)');
    for (const name of names) assert.equal(forStatusBar(name), name);
  });
});

describe('text in a tooltip', () => {
  it('is shown as it is: without its backslashes it is the name', () => {
    for (const name of names) assert.equal(forMarkdown(name).replace(/\\(.)/g, '$1'), name);
  });

  it('has no character left that Markdown gives a meaning to', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (text) => {
        assert.doesNotMatch(
          forMarkdown(text).replace(/\\[\\`*_{}[\]()#+\-!|<>~$&]/g, ''),
          /[\\`*_{}[\]()#+\-!|<>~$&\n]/,
        );
        assert.match(forMarkdownCode(text), /^`[^`]*`$/);
      }),
    );
  });

  it('links to the address whatever stands in it', () => {
    const link = markdownLink({ hostname: 'a-b.example.com', url: 'http://a-b.example.com:8080/x (y)"<z>' });
    assert.equal(link, '[a\\-b.example.com](http://a-b.example.com:8080/x%20%28y%29%22%3Cz%3E)');
  });
});

describe('text in the log', () => {
  it('stays on its line, without control characters', () => {
    assert.equal(forLog('one\r\n2026 [error] two\u001b[31m\u0000'), 'one 2026 [error] two [31m');
  });
});
