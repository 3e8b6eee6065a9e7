import { readFile } from 'node:fs/promises';
import type { Child } from '../processes/child.ts';

const MIB = 1024 ** 2;

/** MiB of a process after its garbage was collected; shared pages are in `resident` whole, in `proportional` in shares. */
export interface Memory {
  readonly heap: number;
  readonly resident: number;
  readonly proportional: number;
}

export async function memoryOf(child: Child): Promise<Memory> {
  const { heapBytes } = await child.ask('memory', 'memory');
  const rollup = await readFile(`/proc/${child.pid}/smaps_rollup`, 'utf8').catch(() => '');
  const kib = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? Number.NaN);
  return { heap: heapBytes / MIB, resident: kib('Rss') / 1024, proportional: kib('Pss') / 1024 };
}
