/** Where a thread is: `steps` and `beats` tell whether it moved, `at` whose code runs without giving way, if anybody's. */
export interface ThreadLook {
  readonly steps: number;
  readonly beats: number;
  /** The item of a group: a line of a question, a hook of a call; and which piece of the item's code, where there are several. */
  readonly at: { readonly group: number; readonly item: number; readonly piece: number } | undefined;
}

/**
 * Cells of shared memory in which a thread that runs an author's code says where it is, and by which the main thread watches
 * it. `steps` is odd while such code runs without giving way and even otherwise, and changes with every step, so that one
 * look tells both whether the thread moved and whose time it is. The place is written between two pieces of code, never
 * within one. `beats` grows as long as a thread that has work comes back to its event loop.
 */
export type ThreadMarks = Int32Array;

const CELL = { steps: 0, group: 1, item: 2, beats: 3, piece: 4 } as const;
const CELLS = 5;

/** To be handed to the thread with its `workerData`. */
export function createThreadMarks(): ThreadMarks {
  return new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));
}

/** In the thread, between two pieces of code: whose piece comes next. Itself a sign of life. */
export function markPlace(marks: ThreadMarks, group: number, item: number): void {
  Atomics.store(marks, CELL.group, group);
  Atomics.store(marks, CELL.item, item);
  Atomics.add(marks, CELL.steps, 2);
}

/** In the thread, between two pieces of code: which of its place's pieces comes next. */
export function markPiece(marks: ThreadMarks, piece: number): void {
  Atomics.store(marks, CELL.piece, piece);
}

/** In the thread, right before a piece of an author's code and right after it. */
export function markStep(marks: ThreadMarks): void {
  Atomics.add(marks, CELL.steps, 1);
}

/** In the thread, from a timer. */
export function markBeat(marks: ThreadMarks): void {
  Atomics.add(marks, CELL.beats, 1);
}

/** The place belongs to the step: where the thread moved on meanwhile, it is looked at again. */
export function lookAt(marks: ThreadMarks): ThreadLook {
  for (;;) {
    const steps = Atomics.load(marks, CELL.steps);
    const beats = Atomics.load(marks, CELL.beats);
    const at = {
      group: Atomics.load(marks, CELL.group),
      item: Atomics.load(marks, CELL.item),
      piece: Atomics.load(marks, CELL.piece),
    };
    if (Atomics.load(marks, CELL.steps) === steps) return { steps, beats, at: steps % 2 === 0 ? undefined : at };
  }
}

/** Told at every look where a thread is, answers for how many milliseconds it has stood there. */
export type StandWatch = (seen: ThreadLook | undefined) => number;

/** Time counts from the look that first saw the thread where it still is, so that a call is never cut short. */
export function createStandWatch(now: () => number): StandWatch {
  let last: ThreadLook | undefined;
  let since = now();
  return (seen) => {
    if (seen && seen.steps === last?.steps && seen.beats === last.beats) return now() - since;
    last = seen;
    since = now();
    return 0;
  };
}
