import type { Point } from '../../../bench/src/trend.ts';
import { grouped } from './group.ts';
import { asMib, growth, pieces } from './judge-vitals.ts';
import { SIGNS, type SignVerdict, type Vitals } from './vitals.ts';

const TOLD_MAX = 20;
const KEYS_TOLD_MIN = 10;

/** Nothing grew, and there was enough to see. */
export const isWell = ({ checked, violations }: SignVerdict): boolean => checked > 0 && violations.length === 0;

/** What a soak prints at its end: for each part the least, the median and the most, and what it surely grew by. */
export function reportOnVitals(vitals: Vitals, verdicts: readonly SignVerdict[], kept: string | undefined): string {
  return [
    'least / median / most; in the longest life after warming up: grown, and between what and what for sure',
    ...heapLines(vitals),
    ...processLines(vitals),
    ...tableLines(vitals),
    ...streamLines(vitals),
    ...redisLines(vitals),
    '',
    ...verdicts.flatMap((verdict) => [
      `${verdict.sign} ${isWell(verdict) ? 'holds   ' : verdict.checked === 0 ? 'UNSEEN  ' : 'VIOLATED'} ${SIGNS[verdict.sign]}: ${verdict.checked} looked at`,
      ...verdict.violations.slice(0, TOLD_MAX).map((violation) => `     ${violation}`),
    ]),
    '',
    verdicts.every(isWell)
      ? 'nothing grows'
      : `SOMETHING GROWS, or too little was seen to say; logs and vitals are in ${kept ?? 'nowhere'}`,
  ].join('\n');
}

function heapLines({ heaps }: Vitals): string[] {
  const lives = pieces(heaps);
  return [...grouped(heaps, ({ name }) => name)].map(([name, seen]) => {
    const held = Math.max(...seen.map(({ loopDelayMs }) => loopDelayMs));
    const own = lives.filter((life) => life.name === name).map((life) => life.of('heapBytes'));
    return `  ${name} heap ${spread(seen.map(({ heapBytes }) => heapBytes))}${grown(own)}; loop held up for ${Math.round(held)} ms at most`;
  });
}

function processLines({ processes }: Vitals): string[] {
  const lives = pieces(processes);
  return [...grouped(processes, ({ name }) => name)].map(([name, seen]) => {
    const own = lives.filter((life) => life.name === name).map((life) => life.of('rssBytes'));
    const most = (what: 'descriptors' | 'threads') => Math.max(...seen.map((one) => one[what]));
    return `  ${name} resident ${spread(seen.map(({ rssBytes }) => rssBytes))}${grown(own)}; at most ${most('descriptors')} descriptors, ${most('threads')} threads`;
  });
}

function tableLines({ tables, sessions }: Vitals): string[] {
  const connections = Math.max(0, ...sessions.map((one) => one.connections));
  const oldest = Math.max(0, ...sessions.map((one) => one.oldestTransactionMs));
  return [
    `  postgres: at most ${connections} connections, oldest transaction ${(oldest / 1000).toFixed(1)} s`,
    ...[...grouped(tables, ({ table }) => table)].flatMap(([table, seen]) => {
      const last = seen.at(-1);
      if (last === undefined || Math.max(...seen.map(({ live, dead }) => live + dead)) === 0) return [];
      const dead = Math.max(...seen.map((one) => one.dead));
      const vacuums = Math.max(...seen.map((one) => one.vacuums));
      return [
        `  table ${table}: ${asMib(last.tableBytes)} + ${asMib(last.indexBytes)} of indexes, ${last.live} rows, at most ${dead} dead, ${vacuums} vacuums`,
      ];
    }),
  ];
}

function streamLines({ streams, consumers }: Vitals): string[] {
  return [...grouped(streams, ({ stream }) => stream)].map(([stream, seen]) => {
    const last = seen.at(-1);
    const most = Math.max(...seen.map(({ messages }) => messages));
    const pending = Math.max(0, ...consumers.filter((one) => one.stream === stream).map((one) => one.pending));
    const oldest = Math.max(...seen.map(({ oldestMs }) => oldestMs));
    return `  stream ${stream}: ${last?.messages} messages, at most ${most}; ${asMib(last?.bytes ?? 0)} of ${asMib(last?.maxBytes ?? 0)}; oldest ${Math.round(oldest / 1000)} s; at most ${pending} pending`;
  });
}

function redisLines({ redis }: Vitals): string[] {
  if (redis.length === 0) return [];
  const patterns = new Set(redis.flatMap(({ keys }) => Object.keys(keys)));
  const most = (pattern: string) => Math.max(...redis.map(({ keys }) => keys[pattern] ?? 0));
  return [
    `  redis ${spread(redis.map(({ usedBytes }) => usedBytes))}`,
    // Most are there once.
    ...[...patterns]
      .filter((pattern) => most(pattern) >= KEYS_TOLD_MIN)
      .sort()
      .map((pattern) => `    at most ${most(pattern)} keys ${pattern}`),
  ];
}

function spread(bytes: readonly number[]): string {
  const sorted = bytes.toSorted((a, b) => a - b);
  const at = (share: number) => asMib(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  return `${at(0)} / ${at(0.5)} / ${at(1)}`;
}

function grown(lives: readonly (readonly Point[])[]): string {
  const longest = lives.flatMap((points) => growth(points) ?? []).sort((a, b) => b.overMs - a.overMs)[0];
  if (!longest) return ', no life long enough';
  const { overMs, grown: most, grownLeast, grownMost } = longest;
  return `, ${asMib(most)} in ${Math.round(overMs / 1000)} s (${asMib(grownLeast)} to ${asMib(grownMost)})`;
}
