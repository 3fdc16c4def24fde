/**
 * Runs `work` with a signal that is aborted as soon as one of `signals` is, or `milliseconds` have passed.
 *
 * Not by `AbortSignal.any` with an `AbortSignal.timeout`: node holds what such a signal depends on weakly, so once that
 * is collected as garbage nothing ever aborts (nodejs/node#57736, #65995). This one holds everything until `work` ends.
 */
export async function withDeadline<T>(
  milliseconds: number,
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const abort = () => {
    deadline.abort(
      signals.find(({ aborted }) => aborted)?.reason ?? new DOMException(`${milliseconds} ms are over`, 'TimeoutError'),
    );
  };
  const timer = setTimeout(abort, milliseconds);
  for (const signal of signals) signal.addEventListener('abort', abort);
  try {
    if (signals.some(({ aborted }) => aborted)) abort();
    return await work(deadline.signal);
  } finally {
    clearTimeout(timer);
    for (const signal of signals) signal.removeEventListener('abort', abort);
  }
}
