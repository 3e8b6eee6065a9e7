import type { Difference } from './diff-cells.ts';
import type { DiffClass, OperatorGroup } from './diff-classes.ts';
import { mergedRanges, type ValueRange } from './value-range.ts';

/** Differences that are one to a reader: the same from, to and assumptions, over amounts, times, operators and tools that touch. */
export interface MergedDifference {
  readonly first: Difference;
  readonly range: ValueRange;
  readonly fromMs: number;
  readonly untilMs: number | undefined;
  readonly groups: readonly OperatorGroup[];
  readonly classes: readonly DiffClass[];
}

export function mergeDifferences(differences: readonly Difference[]): MergedDifference[] {
  const classes = numbered(differences.map(({ own }) => own));
  const what = ({ direction, before, after, scenario }: Difference): string =>
    JSON.stringify([direction, before.key, after.key, [...scenario].sort((a, b) => a - b)]);
  const namesOf = (one: MergedDifference): string =>
    JSON.stringify(one.groups.map(({ names, except }) => [names, except]));
  const place = ({ range, fromMs, untilMs }: MergedDifference): string =>
    JSON.stringify([range.above, range.upTo, fromMs, untilMs]);
  const single = differences.map((first): MergedDifference => {
    const { cell, group, own } = first;
    return { first, range: cell.range, fromMs: cell.fromMs, untilMs: cell.untilMs, groups: [group], classes: [own] };
  });
  const keyed = (one: MergedDifference): string => `${what(one.first)} ${classes.get(one.first.own)}`;
  return [
    { by: (one: MergedDifference) => `${keyed(one)} ${namesOf(one)} ${one.fromMs}`, into: joinRanges },
    {
      by: (one: MergedDifference) => `${keyed(one)} ${namesOf(one)} ${one.range.above} ${one.range.upTo}`,
      into: joinTimes,
    },
    {
      by: (one: MergedDifference) => `${keyed(one)} ${place(one)}`,
      into: (all: Alike) => [{ ...all[0], groups: all.flatMap(({ groups }) => groups) }],
    },
    {
      by: (one: MergedDifference) => `${what(one.first)} ${place(one)} ${namesOf(one)} ${isEveryone(one)}`,
      into: (all: Alike) => [{ ...all[0], classes: all.flatMap((one) => one.classes) }],
    },
  ].reduce(
    (merged, { by, into }) => [...Map.groupBy(merged, by).values()].flatMap((all) => into(all as unknown as Alike)),
    single,
  );
}

/** Whether no operator that may propose the tool is left out. */
export function isEveryone({ first, groups }: MergedDifference): boolean {
  return groups.length === first.own.groups.length;
}

type Alike = readonly [MergedDifference, ...MergedDifference[]];

function joinRanges(all: Alike): MergedDifference[] {
  return mergedRanges(all.map(({ range }) => range)).map((range) => ({ ...all[0], range }));
}

function joinTimes(all: Alike): MergedDifference[] {
  const joined: MergedDifference[] = [];
  for (const one of all) {
    const last = joined.at(-1);
    if (last && last.untilMs === one.fromMs) joined[joined.length - 1] = { ...last, untilMs: one.untilMs };
    else joined.push(one);
  }
  return joined;
}

function numbered<T>(values: readonly T[]): ReadonlyMap<T, number> {
  return new Map([...new Set(values)].map((value, index) => [value, index]));
}
