import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HoldpointError } from '../domain/errors.ts';
import { type BatcherOptions, createBatcher } from './batcher.ts';

/** A flush that waits to be let go, so that a test decides what happens meanwhile. */
function gated() {
  const flushes: { items: readonly number[]; finish(): void; fail(error: unknown): void }[] = [];
  const flush = (items: readonly number[]) =>
    new Promise<number[]>((resolve, reject) => {
      flushes.push({ items, finish: () => resolve(items.map((item) => item * 2)), fail: reject });
    });
  return { flushes, flush };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns += 1) {
    if (turns > 10_000) throw new Error('never came true');
    await turn();
  }
}

describe('createBatcher', () => {
  test('what comes during a flush makes up the next one', async () => {
    const { flushes, flush } = gated();
    const batcher = createBatcher({ name: 'rows', flush, maxItems: 100, maxQueued: 100 });
    const first = batcher.add(1);
    await until(() => flushes.length === 1);
    const rest = [batcher.add(2), batcher.add(3), batcher.add(4)];
    await turn();
    expect(flushes).toHaveLength(1);
    expect(batcher.depth).toBe(3);
    flushes[0]?.finish();
    expect(await first).toBe(2);
    await until(() => flushes.length === 2);
    expect(flushes[1]?.items).toEqual([2, 3, 4]);
    flushes[1]?.finish();
    expect(await Promise.all(rest)).toEqual([4, 6, 8]);
  });

  test('with concurrency two, two flushes are in flight and no third', async () => {
    const { flushes, flush } = gated();
    const batcher = createBatcher({ name: 'rows', flush, maxItems: 1, maxQueued: 100, concurrency: 2 });
    const all = [1, 2, 3].map((item) => batcher.add(item));
    await until(() => flushes.length === 2);
    for (let turns = 0; turns < 10; turns += 1) await turn();
    expect(flushes).toHaveLength(2);
    flushes[0]?.finish();
    await until(() => flushes.length === 3);
    for (const one of flushes) one.finish();
    expect(await Promise.all(all)).toEqual([2, 4, 6]);
  });

  test('one more than may wait is refused as retryable, and room is made by a flush', async () => {
    const { flushes, flush } = gated();
    const batcher = createBatcher({ name: 'rows', flush, maxItems: 10, maxQueued: 2 });
    const inFlight = batcher.add(1);
    await until(() => flushes.length === 1);
    const waiting = [batcher.add(2), batcher.add(3)];
    await expect(batcher.add(4)).rejects.toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE', retryable: true });
    flushes[0]?.finish();
    await inFlight;
    await until(() => flushes.length === 2);
    const again = batcher.add(5);
    flushes[1]?.finish();
    await Promise.all(waiting);
    await until(() => flushes.length === 3);
    flushes[2]?.finish();
    expect(await again).toBe(10);
  });

  test('an item larger than a flush may be goes alone', async () => {
    const sizes: number[][] = [];
    const batcher = createBatcher<number, number>({
      name: 'rows',
      flush: async (items) => {
        sizes.push([...items]);
        return items;
      },
      maxItems: 10,
      maxBytes: 10,
      sizeOf: (item) => item,
      maxQueued: 10,
    });
    await Promise.all([4, 50, 5, 5, 1].map((item) => batcher.add(item)));
    expect(sizes).toEqual([[4], [50], [5, 5], [1]]);
  });

  test('a flush that answers for too few items fails them all', async () => {
    const batcher = createBatcher<number, number>({ name: 'rows', flush: async () => [1], maxItems: 9, maxQueued: 9 });
    const results = await Promise.allSettled([batcher.add(1), batcher.add(2)]);
    expect(results.map((result) => result.status === 'rejected' && result.reason.code)).toEqual([
      'INTERNAL',
      'INTERNAL',
    ]);
  });

  test('a minimum gap lies between the starts of flushes', async () => {
    const starts: number[] = [];
    const batcher = createBatcher<number, number>({
      name: 'rows',
      flush: async (items) => {
        starts.push(performance.now());
        return items;
      },
      maxItems: 1,
      maxQueued: 9,
      minGapMs: 20,
    });
    await Promise.all([1, 2, 3].map((item) => batcher.add(item)));
    const [a = 0, b = 0, c = 0] = starts;
    expect(Math.min(b - a, c - b)).toBeGreaterThanOrEqual(18);
  });

  test('a batcher without work is drained already; one with work drains after it', async () => {
    const { flushes, flush } = gated();
    const batcher = createBatcher({ name: 'rows', flush, maxItems: 1, maxQueued: 9 });
    await batcher.drain();
    const all = [batcher.add(1), batcher.add(2)];
    let drained = false;
    const draining = batcher.drain().then(() => {
      drained = true;
    });
    await until(() => flushes.length === 1);
    flushes[0]?.finish();
    await until(() => flushes.length === 2);
    expect(drained).toBe(false);
    flushes[1]?.fail(new Error('broken'));
    await draining;
    expect((await Promise.allSettled(all)).map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
  });
});

class Duplicate extends Error {}

/** Refuses a batch that holds a bad item, as one unique violation aborts a statement. */
function strictFlush(bad: ReadonlySet<number>, seen: number[][]): BatcherOptions<number, number>['flush'] {
  return async (items) => {
    await turn();
    seen.push([...items]);
    const refused = items.find((item) => bad.has(item));
    if (refused !== undefined) throw new Duplicate(`${refused}`);
    return items.map((item) => -item);
  };
}

describe('createBatcher, for any load', () => {
  const load = fc.record({
    groups: fc.array(fc.array(fc.nat(99), { maxLength: 20 }), { maxLength: 10 }),
    bad: fc.array(fc.nat(99), { maxLength: 10 }),
    maxItems: fc.integer({ min: 1, max: 8 }),
    maxBytes: fc.integer({ min: 1, max: 300 }),
    concurrency: fc.integer({ min: 1, max: 3 }),
  });

  test('every item gets its own result, within the limits, and a bad one spoils only itself', async () => {
    await fc.assert(
      fc.asyncProperty(load, async ({ groups, bad, maxItems, maxBytes, concurrency }) => {
        const refused = new Set(bad);
        const seen: number[][] = [];
        let inFlight = 0;
        let mostInFlight = 0;
        const strict = strictFlush(refused, seen);
        const batcher = createBatcher<number, number>({
          name: 'rows',
          async flush(items) {
            inFlight += 1;
            mostInFlight = Math.max(mostInFlight, inFlight);
            try {
              return await strict(items);
            } finally {
              inFlight -= 1;
            }
          },
          maxItems,
          maxBytes,
          sizeOf: (item) => item,
          maxQueued: 1_000,
          concurrency,
          retrySingly: (error) => error instanceof Duplicate,
        });
        const added: Promise<void>[] = [];
        for (const group of groups) {
          for (const item of group) {
            added.push(
              batcher.add(item).then(
                (result) => expect(refused.has(item) ? 'refused' : result).toBe(-item),
                (error) => expect(refused.has(item) && error.message).toBe(`${item}`),
              ),
            );
          }
          await turn();
        }
        await batcher.drain();
        await Promise.all(added);
        expect(batcher.depth).toBe(0);
        expect(mostInFlight).toBeLessThanOrEqual(concurrency);
        for (const items of seen) {
          expect(items.length).toBeLessThanOrEqual(maxItems);
          if (items.length > 1) expect(items.reduce((sum, item) => sum + item, 0)).toBeLessThanOrEqual(maxBytes);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('with one flush in flight, items are flushed in the order they were added', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(), { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        async (items, maxItems) => {
          const seen: number[] = [];
          const batcher = createBatcher<number, number>({
            name: 'rows',
            flush: async (batch) => {
              await turn();
              seen.push(...batch);
              return batch;
            },
            maxItems,
            maxQueued: 100,
          });
          await Promise.all(items.map((item) => batcher.add(item)));
          expect(seen).toEqual(items);
        },
      ),
    );
  });

  test('an error that is not worth retrying fails the whole flush, once', async () => {
    const seen: number[][] = [];
    const batcher = createBatcher<number, number>({
      name: 'rows',
      flush: strictFlush(new Set([2]), seen),
      maxItems: 9,
      maxQueued: 9,
      retrySingly: (error) => error instanceof HoldpointError,
    });
    const results = await Promise.allSettled([1, 2, 3].map((item) => batcher.add(item)));
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(seen).toEqual([[1, 2, 3]]);
  });
});
