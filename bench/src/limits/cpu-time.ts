import { readdir, readFile } from 'node:fs/promises';
import type { Limit } from '../benchmark.ts';

/** Of Linux on every machine that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Processor seconds that processes have used, with their children: undefined where there is no /proc. */
export async function cpuSeconds(pid: number): Promise<number | undefined> {
  const stats = await allStats();
  if (stats.size === 0) return undefined;
  let ticks = 0;
  for (const [own, stat] of stats) {
    if (own !== pid && !descends(stats, own, pid)) continue;
    ticks += stat.ticks + stat.ofEndedChildren;
  }
  return ticks / TICKS_PER_SECOND;
}

/** Who used the processors between two looks, in shares of all cores' time. */
export async function watchCpu(pids: Readonly<Record<string, number>>): Promise<(cores: number) => Promise<Limit>> {
  const startedAt = performance.now();
  const before = await secondsOf(pids);
  return async (cores) => {
    const after = await secondsOf(pids);
    const wholeSeconds = ((performance.now() - startedAt) / 1000) * cores;
    return {
      what: `processors by process, of ${cores} cores`,
      shares: Object.keys(pids)
        .map((name) => ({
          name,
          share: Math.round((((after[name] ?? 0) - (before[name] ?? 0)) / wholeSeconds) * 1000) / 1000,
        }))
        .sort((a, b) => b.share - a.share),
    };
  };
}

async function secondsOf(pids: Readonly<Record<string, number>>): Promise<Record<string, number>> {
  const seconds = Object.entries(pids).map(async ([name, pid]) => [name, (await cpuSeconds(pid)) ?? 0] as const);
  return Object.fromEntries(await Promise.all(seconds));
}

interface Stat {
  readonly parent: number;
  readonly ticks: number;
  readonly ofEndedChildren: number;
}

async function allStats(): Promise<Map<number, Stat>> {
  const names = await readdir('/proc').catch(() => []);
  const read = names
    .filter((name) => /^\d+$/.test(name))
    .map(async (name): Promise<[number, Stat] | undefined> => {
      const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => undefined);
      // The command's name, in parentheses, may hold anything: fields are counted from behind it.
      const fields = text
        ?.slice(text.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      if (!fields) return undefined;
      const [parent = 0, user = 0, system = 0, childUser = 0, childSystem = 0] = [1, 11, 12, 13, 14].map(
        (index) => fields[index],
      );
      return [Number(name), { parent, ticks: user + system, ofEndedChildren: childUser + childSystem }];
    });
  return new Map((await Promise.all(read)).filter((entry) => entry !== undefined));
}

function descends(stats: ReadonlyMap<number, Stat>, pid: number, ancestor: number): boolean {
  for (let at = stats.get(pid)?.parent; at !== undefined && at > 1; at = stats.get(at)?.parent) {
    if (at === ancestor) return true;
  }
  return false;
}
