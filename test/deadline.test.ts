import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { withDeadline } from '../src/deadline.ts';
import { whileCollecting } from './fixtures/garbage.ts';

describe('deadline', () => {
  const untilAborted = async (signal: AbortSignal): Promise<unknown> => {
    if (!signal.aborted) await once(signal, 'abort');
    return signal.reason;
  };

  it('aborts when its time is over, also if nobody holds it and garbage is collected', async () => {
    const reason = await whileCollecting(() => withDeadline(100, [new AbortController().signal], untilAborted));
    assert(reason instanceof DOMException && reason.name === 'TimeoutError');
  });

  it('aborts with the first of its signals, for its reason, through several of its kind', async () => {
    const ending = new AbortController();
    const reason = whileCollecting(() =>
      withDeadline(30_000, [new AbortController().signal, ending.signal], (outer) =>
        withDeadline(30_000, [outer], untilAborted),
      ),
    );
    setImmediate(() => ending.abort('enough'));
    assert.equal(await reason, 'enough');
    assert.equal(await withDeadline(30_000, [ending.signal], untilAborted), 'enough', 'aborted from the beginning');
  });

  it('leaves nothing behind, whatever becomes of the work', async () => {
    const { signal } = new AbortController();
    assert.equal(
      await withDeadline(30_000, [signal], () => Promise.resolve(getEventListeners(signal, 'abort').length)),
      1,
    );
    await assert.rejects(
      withDeadline(30_000, [signal], () => Promise.reject(new Error('work failed'))),
      /work failed/,
    );
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });
});
