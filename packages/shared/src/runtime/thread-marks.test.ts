import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import {
  createStandWatch,
  createThreadMarks,
  lookAt,
  markBeat,
  markPiece,
  markPlace,
  markStep,
} from './thread-marks.ts';

test('a place is somebody’s only while code runs there', () => {
  const marks = createThreadMarks();
  expect(lookAt(marks)).toEqual({ steps: 0, beats: 0, at: undefined });
  markPlace(marks, 3, 1);
  expect(lookAt(marks).at).toBeUndefined();
  markStep(marks);
  expect(lookAt(marks).at).toEqual({ group: 3, item: 1, piece: 0 });
  markStep(marks);
  markPiece(marks, 7);
  markStep(marks);
  expect(lookAt(marks).at).toEqual({ group: 3, item: 1, piece: 7 });
  markStep(marks);
  markBeat(marks);
  expect(lookAt(marks)).toEqual({ steps: 6, beats: 1, at: undefined });
});

test('a look at a thread that runs never mixes two places', async () => {
  const marks = createThreadMarks();
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const module = new URL('./thread-marks.ts', import.meta.url).href;
  // The item is always the group's double, so that a mixed look shows.
  const worker = new Worker(
    `const { workerData: { marks, stop }, parentPort } = require('node:worker_threads');
    import(${JSON.stringify(module)}).then(({ markPlace, markStep }) => {
      for (let group = 1; Atomics.load(stop, 0) === 0; group = (group % 1_000_000) + 1) {
        markPlace(marks, group, group * 2);
        markStep(marks);
        markStep(marks);
      }
      parentPort.postMessage('done');
    });`,
    { eval: true, workerData: { marks, stop } },
  );
  const ended = once(worker, 'message');
  for (let seen = 0; seen < 20_000; ) {
    for (let look = 0; look < 20_000; look += 1) {
      const { at } = lookAt(marks);
      if (!at) continue;
      seen += 1;
      if (at.item !== at.group * 2) throw new Error(`${at.item} is not twice ${at.group}`);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  Atomics.store(stop, 0, 1);
  await ended;
  await worker.terminate();
});

test('standing still counts from the look that first saw the thread there; a step, a beat or no thread begins anew', () => {
  let now = 0;
  const stoodMs = createStandWatch(() => now);
  const seen = { steps: 1, beats: 0, at: { group: 0, item: 0, piece: 0 } };
  const lookAfter = (ms: number, look: Parameters<typeof stoodMs>[0]) => {
    now += ms;
    return stoodMs(look);
  };
  expect(lookAfter(90, seen)).toBe(0);
  expect(lookAfter(50, seen)).toBe(50);
  expect(lookAfter(50, seen)).toBe(100);
  expect(lookAfter(50, { ...seen, steps: 3 })).toBe(0);
  expect(lookAfter(50, { ...seen, steps: 3, beats: 1 })).toBe(0);
  expect(lookAfter(50, { ...seen, steps: 3, beats: 1 })).toBe(50);
  expect(lookAfter(50, undefined)).toBe(0);
  expect(lookAfter(50, { ...seen, steps: 3, beats: 1 })).toBe(0);
});
