import assert from 'node:assert/strict';
import { languageOf } from '../../src/relay/pageTexts.ts';
import { createHash } from 'node:crypto';
import { pagePolicy, stoppedPage, wantsPage } from '../../src/relay/page.ts';

describe('relay/page', () => {
  it('loads nothing, and its policy allows its own script and style', () => {
    const page = stoppedPage('student1.example.com');
    assert.doesNotMatch(page, /(?:src|href)=/);
    for (const element of ['style', 'script']) {
      const inside = new RegExp(`<${element}>([^]*?)</${element}>`).exec(page)?.[1] ?? '';
      assert.ok(pagePolicy.includes(createHash('sha256').update(inside).digest('base64')), element);
    }
  });

  it('has a language, a title, one heading and a live region', () => {
    const page = stoppedPage('student1.example.com');
    assert.match(
      page,
      /<html lang="en">[^]*<title>student1\.example\.com is not running<\/title>[^]*<h1>[^]*<p role="status">/,
    );
    assert.equal(page.match(/<h1>/g)?.length, 1);
  });

  it('escapes markup in a hostname', () => assert.doesNotMatch(stoppedPage('<img onerror=x>'), /<img/));

  it('is shown to navigations only', () => {
    const accept = 'text/html,*/*;q=0.8';
    assert.equal(wantsPage('GET', { accept }), true);
    assert.equal(wantsPage('GET', { accept, 'sec-fetch-dest': 'iframe' }), true);
    assert.equal(wantsPage('GET', { accept, 'sec-fetch-dest': 'script' }), false);
    assert.equal(wantsPage('GET', { accept: '*/*' }), false);
    assert.equal(wantsPage('GET', {}), false);
    assert.equal(wantsPage('POST', { accept }), false);
  });

  it("speaks the visitor's language, as far as there are texts", () => {
    for (const [accepted, language] of [
      ['de-DE,de;q=0.9,en;q=0.8', 'de'],
      ['pt-BR,es;q=0.5', 'es'],
      ['fr', 'fr'],
      ['zh-CN', 'zh'],
      ['ja', 'en'],
      [undefined, 'en'],
    ] as const) {
      const text = stoppedPage('student1.example.com', languageOf(accepted));
      assert.ok(text.includes(`<html lang="${language}">`));
      assert.ok(text.includes('student1.example.com') && text.includes('<code>npm run dev</code>'));
      assert.ok(!/\{\w+\}/.test(/<main>[^]*<\/main>/.exec(text)?.[0] ?? '{none}'));
    }
  });
});
