import type { Worker } from 'node:worker_threads';

/** What a thread that loads an author's files is waited for with. */
export interface FirstWords<Ready> {
  readonly loadMaxMs: number;
  /** Reads one message of the thread: what it is ready with, or undefined where it speaks of something else. @throws what it found wrong */
  read(message: unknown): Ready | undefined;
  /** The error where it never came to speak; `reason` reads on after "it cannot be loaded: ". */
  failure(reason: string): Error;
}

/** Waits until a thread has loaded. Where it does not, it is ended. @throws what `read` or `failure` makes of it */
export function threadReady<Ready>(worker: Worker, words: FirstWords<Ready>): Promise<Ready> {
  const { loadMaxMs, read, failure } = words;
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      clearTimeout(late);
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
      end();
    };
    const fail = (error: unknown) =>
      settle(() => {
        void worker.terminate();
        reject(error);
      });
    const onMessage = (message: unknown) => {
      try {
        const ready = read(message);
        if (ready !== undefined) settle(() => resolve(ready));
      } catch (error) {
        fail(error);
      }
    };
    const onError = (error: unknown) => fail(failure(error instanceof Error ? error.message : String(error)));
    const onExit = () => fail(failure('its code ended the thread'));
    const late = setTimeout(() => fail(failure(`not within ${loadMaxMs} ms`)), loadMaxMs);
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
  });
}
