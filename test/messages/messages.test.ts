import assert from 'node:assert/strict';
import { commandMessages } from '../../src/messages/command.ts';
import { setupMessages } from '../../src/messages/setup.ts';
import { siteMessages } from '../../src/messages/site.ts';
import { teacherMessages } from '../../src/messages/teacher.ts';

describe('the table of messages', () => {
  it('has each code once', () => {
    const codes = [commandMessages, setupMessages, siteMessages, teacherMessages].flatMap((part) => Object.keys(part));
    assert.deepEqual(
      codes.filter((code, place) => codes.indexOf(code) !== place),
      [],
    );
  });
});
