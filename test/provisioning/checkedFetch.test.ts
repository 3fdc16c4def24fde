import assert from 'node:assert/strict';
import { CallFailure, checkedFetch } from '../../src/provisioning/checkedFetch.ts';

const token = 'secret-token-of-a-class';

/** The failure of a call through this fetch. */
async function failureOf(inner: typeof fetch): Promise<CallFailure> {
  const call = checkedFetch({
    fetch: inner,
    callDeadline: 1_000,
    signal: new AbortController().signal,
    beforeCall: () => Promise.resolve(),
    token,
  });
  const error: unknown = await call('http://127.0.0.1/client/v4/zones', { method: 'POST' }).catch(
    (failure: unknown) => failure,
  );
  assert.ok(error instanceof CallFailure);
  assert.ok(!JSON.stringify(error.mendable.facts).includes(token));
  return error;
}

const messageOf = async (inner: typeof fetch): Promise<string> => (await failureOf(inner)).message;

describe('checked fetch', () => {
  it('keeps the token out of the error when a header with it cannot be sent', async () => {
    const message = await messageOf(() => {
      new Headers({ authorization: `Bearer ${token}\0` }); // throws an error that quotes the value
      throw new Error('node sends any header');
    });
    assert.match(message, /\[token\]/);
    assert.ok(!message.includes(token), message);
  });

  it('keeps the token out of the error when the answer quotes it', async () => {
    const body = { success: false, errors: [{ code: 1000, message: `bad token ${token}` }] };
    const message = await messageOf(() => Promise.resolve(Response.json(body, { status: 400 })));
    assert.match(message, /1000: bad token \[token\]/);
  });

  for (const [header, seconds] of [
    ['42', 42],
    ['Sat, 28 Nov 2026 10:01:30 GMT', 90],
    ['Sat, 28 Nov 2026 09:00:00 GMT', 300],
    ['soon', 300],
    [undefined, 300],
  ] as const)
    it(`waits ${seconds} s where Retry-After is ${header}`, async () => {
      const date = 'Sat, 28 Nov 2026 10:00:00 GMT';
      const headers = { date, ...(header !== undefined && { 'retry-after': header }) };
      const error = await failureOf(() => Promise.resolve(Response.json({}, { status: 429, headers })));
      assert.equal(error.mendable.facts['seconds'], seconds);
    });

  it('makes no call when it may not', async () => {
    let calls = 0;
    const call = checkedFetch({
      fetch: () => {
        calls += 1;
        return Promise.reject(new Error('called'));
      },
      callDeadline: 1_000,
      signal: new AbortController().signal,
      beforeCall: () => Promise.reject(new Error('not now')),
      token,
    });
    await assert.rejects(call('http://127.0.0.1/client/v4/zones'), /not now/);
    assert.equal(calls, 0);
  });
});
