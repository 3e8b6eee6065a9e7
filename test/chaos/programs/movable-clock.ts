/**
 * Imported before a service: the wall clock of all of its threads stands as far off as its parent says. What only goes forward
 * (timers, `performance.now()`) goes on as before, as it does where a machine's clock is set.
 */
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';

const KEY = 'how far the clock is off';
const offsetMs = isMainThread
  ? new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT))
  : (getEnvironmentData(KEY) as unknown as Float64Array);

if (isMainThread) {
  setEnvironmentData(KEY, offsetMs as never);
  process.on('message', (told: { readonly clockOffsetMs?: number }) => {
    if (told.clockOffsetMs !== undefined) offsetMs[0] = told.clockOffsetMs;
  });
  // A service that has nothing left to do is not kept for the sake of its clock.
  process.channel?.unref();
}

const Real = Date;
const now = (): number => Real.now() + (offsetMs[0] ?? 0);

globalThis.Date = new Proxy(Real, {
  construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [now()] : args, made),
  apply: () => new Real(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name, target)),
});
Real.prototype.constructor = globalThis.Date;
