import { setFlagsFromString } from 'node:v8';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Node strips types in WebAssembly, and each thread that loads TypeScript has an instance of its own. After 1,000 calls out of
 * it V8 compiles a wrapper that all threads of the process share; where threads come and go, V8 (13.6) may free that wrapper
 * twice and end the whole process (`Check failed: jit_page_->allocations_.erase(addr) == 1`, or SIGSEGV). With a budget that
 * is never used up, no thread has a wrapper compiled.
 */
export const WRAPPER_FLAG = '--wasm-wrapper-tiering-budget=2147483647';

/** Starts a thread that may be ended at any time, and started again as often as need be. Every thread of ours starts here. */
export function startThread(program: URL, options: WorkerOptions): Worker {
  setFlagsFromString(WRAPPER_FLAG);
  return new Worker(program, options);
}
