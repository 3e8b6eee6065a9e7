import { describe, expect, test, vi } from 'vitest';
import { startPoll } from './poll.ts';

const HOUR_MS = 3_600_000;

/** A run that a test lets go, round by round. */
function gatedRun() {
  const rounds: { finish(): void; fail(error: Error): void }[] = [];
  const run = () => new Promise<void>((resolve, reject) => rounds.push({ finish: resolve, fail: reject }));
  return { rounds, run };
}

const onError = (error: unknown) => {
  throw error;
};

describe('startPoll', () => {
  test('runs at once, and again when nudged', async () => {
    const { rounds, run } = gatedRun();
    const poll = startPoll({ name: 'p', everyMs: HOUR_MS, run, onError });
    expect(rounds).toHaveLength(1);
    rounds[0]?.finish();
    await new Promise(setImmediate);
    expect(rounds).toHaveLength(1);
    poll.nudge();
    await vi.waitFor(() => expect(rounds).toHaveLength(2));
    rounds[1]?.finish();
    await poll.stop();
  });

  test('a nudge during a round makes one more right after it, never beside it', async () => {
    const { rounds, run } = gatedRun();
    const poll = startPoll({ name: 'p', everyMs: HOUR_MS, run, onError });
    poll.nudge();
    poll.nudge();
    await new Promise(setImmediate);
    expect(rounds).toHaveLength(1);
    rounds[0]?.finish();
    await vi.waitFor(() => expect(rounds).toHaveLength(2));
    rounds[1]?.finish();
    await new Promise(setImmediate);
    expect(rounds).toHaveLength(2);
    await poll.stop();
  });

  test('runs again after its interval without a nudge', async () => {
    const rounds: number[] = [];
    const poll = startPoll({ name: 'p', everyMs: 1, run: async () => void rounds.push(1), onError });
    await vi.waitFor(() => expect(rounds.length).toBeGreaterThan(3));
    await poll.stop();
  });

  test('waits longer after each failure, nudged or not, and recovers', async () => {
    vi.useFakeTimers();
    try {
      const errors: unknown[] = [];
      let rounds = 0;
      let broken = true;
      const run = async () => {
        rounds += 1;
        if (broken) throw new Error('away');
      };
      const poll = startPoll({ name: 'p', everyMs: 100, run, onError: (e) => errors.push(e), jitter: 0 });
      await vi.advanceTimersByTimeAsync(0);
      poll.nudge();
      await vi.advanceTimersByTimeAsync(199);
      expect(rounds).toBe(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(rounds).toBe(2);
      await vi.advanceTimersByTimeAsync(399);
      expect(rounds).toBe(2);
      broken = false;
      await vi.advanceTimersByTimeAsync(1);
      expect(rounds).toBe(3);
      await vi.advanceTimersByTimeAsync(100);
      expect(rounds).toBe(4);
      expect(errors).toHaveLength(2);
      await poll.stop();
    } finally {
      vi.useRealTimers();
    }
  });

  test('stopping tells the round under way and waits for it', async () => {
    const signals: AbortSignal[] = [];
    let finish = () => {};
    const poll = startPoll({
      name: 'p',
      everyMs: HOUR_MS,
      onError,
      run: (signal) => {
        signals.push(signal);
        return new Promise<void>((resolve) => {
          finish = resolve;
        });
      },
    });
    let stopped = false;
    const stopping = poll.stop().then(() => {
      stopped = true;
    });
    expect(signals[0]?.aborted).toBe(true);
    await new Promise(setImmediate);
    expect(stopped).toBe(false);
    finish();
    await stopping;
    poll.nudge();
    await new Promise(setImmediate);
    expect(signals).toHaveLength(1);
  });
});
