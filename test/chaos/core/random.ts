/** Numbers that a seed decides. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** Whole, both ends included. */
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<T>(of: readonly [T, ...T[]] | readonly T[]): T;
  shuffled<T>(of: readonly T[]): T[];
  /** A stream of its own: what one part draws does not shift what another one gets. */
  fork(name: string): Random;
}

export function openRandom(seed: number): Random {
  let state = seed >>> 0;
  // mulberry32: small, and good enough to spread faults.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    between,
    chance: (probability) => next() < probability,
    pick: (of) => {
      const index = between(0, of.length - 1);
      if (of.length === 0) throw new Error('there is nothing to pick from');
      return of[index] as (typeof of)[number];
    },
    shuffled(of) {
      const cards = [...of];
      for (let last = cards.length - 1; last > 0; last -= 1) {
        const other = between(0, last);
        [cards[last], cards[other]] = [cards[other] as (typeof cards)[number], cards[last] as (typeof cards)[number]];
      }
      return cards;
    },
    fork: (name) => openRandom(hash(`${seed}:${name}`)),
  };
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return value >>> 0;
}

/** One of several, as often as its weight says. */
export function weighted<T extends string>(random: Random, weights: Readonly<Record<T, number>>): T {
  const entries = Object.entries(weights) as [T, number][];
  let left = random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of entries) {
    left -= weight;
    if (left < 0) return name;
  }
  return (entries.at(-1) as [T, number])[0];
}
