import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Node strips types in WebAssembly, and each thread that loads TypeScript has an instance of its own. After 1,000 calls out of
 * it V8 compiles a wrapper that all threads of the process share; where threads come and go, V8 (13.6) may free that wrapper
 * twice and end the whole process (`Check failed: jit_page_->allocations_.erase(addr) == 1`, or SIGSEGV). With a budget that
 * is never used up, no thread has a wrapper compiled.
 */
export const WRAPPER_FLAG = '--wasm-wrapper-tiering-budget=2147483647';

/**
 * Starts a thread that may be ended at any time, and started again as often as need be. Every thread of ours starts here. One
 * that is given an environment of its own is told where Node keeps what it compiled, or it would strip and compile everything
 * again.
 */
export function startThread(program: URL, options: WorkerOptions): Worker {
  setFlagsFromString(WRAPPER_FLAG);
  const { env } = options;
  if (typeof env !== 'object') return new Worker(program, options);
  return new Worker(program, { ...options, env: { ...env, ...whereCompiled() } });
}

function whereCompiled(): NodeJS.ProcessEnv {
  const folder = getCompileCacheDir();
  // Below what was asked for, Node has a folder a version.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}
