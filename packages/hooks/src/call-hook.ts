import { describeError } from '@holdpoint/policy/decide/printable';

/** How a hook's function ended. */
export type Called =
  | { readonly ok: true; readonly value: unknown; readonly ms: number }
  | { readonly ok: false; readonly result: 'threw' | 'timeout'; readonly reason: string; readonly ms: number };

/** Runs a piece of an author's code that does not give way, and says so meanwhile. */
export type Watch = <T>(piece: () => T) => T;

/** Calls an author's function and waits for its answer, but not longer than its time. Never rejects. */
export async function callHook(
  run: (signal: AbortSignal) => unknown,
  { timeoutMs, watch }: { readonly timeoutMs: number; readonly watch: Watch },
): Promise<Called> {
  const startedAt = performance.now();
  const elapsed = () => performance.now() - startedAt;
  const controller = new AbortController();
  const late = (): Called => {
    controller.abort();
    return { ok: false, result: 'timeout', reason: `no answer within ${timeoutMs} ms`, ms: elapsed() };
  };
  try {
    const answered = watch(() => run(controller.signal));
    const value = isThenable(answered) ? await within(answered, timeoutMs - elapsed()) : answered;
    return value === LATE || elapsed() > timeoutMs ? late() : { ok: true, value, ms: elapsed() };
  } catch (error) {
    return { ok: false, result: 'threw', reason: `threw: ${watch(() => describeError(error))}`, ms: elapsed() };
  }
}

const LATE = Symbol('late');

/** What is promised, or LATE. A rejection that comes later is taken here: nobody else waits for it. */
async function within(promised: PromiseLike<unknown>, ms: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), Math.max(ms, 0));
  });
  try {
    return await Promise.race([promised, late]);
  } finally {
    clearTimeout(timer);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
