/** What one contender after the other is made to say, in its own words. Whole numbers: Cedar has no others. */
export interface Rule {
  readonly id: string;
  readonly tool: string;
  /** Absent: any. */
  readonly operator?: string;
  /** Values over it; absent: any from 0. */
  readonly above?: number;
  /** Values up to it; absent: any. */
  readonly upTo?: number;
  readonly decision: 'ALLOW' | 'ALERT';
}

export interface Asked {
  readonly tool: string;
  readonly operator: string;
  readonly value: number;
}

export interface World {
  readonly name: string;
  readonly rules: readonly Rule[];
  readonly asked: readonly Asked[];
}

const TOOLS_MAX = 100;
/** More would only measure how a processor's caches hold the questions. */
const ASKED_MAX = 1_000;
const CAP = 500;

/**
 * Two rules for each pair of tool and operator: what is up to 500 may be done, what is above wants a person. Asked over all
 * pairs in turn, every fourth time above.
 */
export function spreadWorld(ruleCount: number): World {
  const pairs = Array.from({ length: ruleCount / 2 }, (_, index) => {
    const tools = Math.min(TOOLS_MAX, ruleCount / 2);
    return { tool: `orders.act-${index % tools}`, operator: `operator-${Math.floor(index / tools)}` };
  });
  return {
    name: `${ruleCount} policies, over tools and operators`,
    rules: pairs.flatMap((pair, index): Rule[] => [
      { id: `up-to-${index}`, ...pair, upTo: CAP, decision: 'ALLOW' },
      { id: `above-${index}`, ...pair, above: CAP, decision: 'ALERT' },
    ]),
    asked: spreadOver(pairs).map((pair, index) => ({ ...pair, value: index % 4 === 3 ? CAP + 320 : CAP - 380 })),
  };
}

const BAND = 10;

/** All rules for one tool and any operator, each for a band of values; every fourth band wants a person. */
export function bandedWorld(ruleCount: number): World {
  const bands = Array.from({ length: ruleCount }, (_, index) => index);
  const tool = 'orders.hold';
  return {
    name: `${ruleCount} policies, on one tool by value`,
    rules: bands.map((band) => ({
      id: `band-${band}`,
      tool,
      ...(band > 0 && { above: band * BAND }),
      upTo: (band + 1) * BAND,
      decision: band % 4 === 3 ? 'ALERT' : 'ALLOW',
    })),
    // In the middle of a band and at its upper edge.
    asked: spreadOver(bands).map((band, index) => ({
      tool,
      operator: 'operator-0',
      value: band * BAND + (index % 3 === 0 ? BAND : BAND / 2),
    })),
  };
}

/** Up to so many of them, from all over, in an order that no cache foresees. */
function spreadOver<T>(items: readonly T[]): T[] {
  const count = Math.min(ASKED_MAX, items.length);
  return Array.from({ length: count }, (_, index) => items[(index * 7_919) % items.length] as T);
}
