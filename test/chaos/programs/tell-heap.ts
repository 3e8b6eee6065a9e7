import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { HeapSeen } from '../core/vitals.ts';
import { epochMs } from '../process.ts';

const NS_A_MS = 1_000_000;
const LOOK_EVERY_MS = 20;

/** Collects this process's garbage now and then, and writes down what is left: only that tells a leak from litter. */
export function tellHeap(name: string, file: string, everyMs: number): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const delay = monitorEventLoopDelay({ resolution: LOOK_EVERY_MS });
  delay.enable();
  setInterval(() => {
    const loopDelayMs = delay.max / NS_A_MS;
    collect();
    const { heapUsed, external } = process.memoryUsage();
    const seen: HeapSeen = {
      at: epochMs(),
      name,
      pid: process.pid,
      heapBytes: heapUsed,
      outsideBytes: external,
      loopDelayMs,
    };
    appendFileSync(file, `${JSON.stringify(seen)}\n`);
    // What collecting held up is not the service's.
    setImmediate(() => delay.reset());
  }, everyMs).unref();
}
