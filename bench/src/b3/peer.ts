import { join } from 'node:path';
import { type Child, startChild } from '../processes/child.ts';
import { asked, type Servers } from '../servers.ts';
import { type Contender, figures, workOff } from './contender.ts';
import type { Shape } from './shapes.ts';

/** Lanes at once, as of the executor (`lanesMax`), for all who have such a setting. */
export const CONCURRENCY = 100;

/** A peer: its jobs are handed over in bulk, then one worker process works them off. */
export function peer(options: {
  readonly name: string;
  /** Hands the jobs over; returns where the worker finds them, and how to clean up. */
  prepare(servers: Servers, shape: Shape): Promise<{ readonly url: string; remove(): Promise<void> }>;
  readonly worker: string;
  /** Beside the url and the count of jobs. */
  readonly args: readonly string[];
}): Contender {
  return {
    name: options.name,
    async run(servers, shape, { limitMs }) {
      const { url, remove } = await options.prepare(servers, shape);
      if (url.startsWith('postgres')) await asked(url, 'ANALYZE');
      let child: Child | undefined;
      try {
        child = await startChild({
          file: join('src', 'b3', options.worker),
          args: [url, String(shape.jobs.length), ...options.args],
          env: {},
          logFile: join(servers.folder, `${options.worker}.log`),
        });
        await child.heard('ready', limitMs);
        return figures(await workOff(child, limitMs), shape, []);
      } finally {
        await child?.stop();
        await remove();
      }
    },
  };
}
