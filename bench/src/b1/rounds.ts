import { quantile } from '../statistics.ts';
import type { Contender, Decide } from './contender.ts';

/** One measurement of one contender: decisions a second, and single decisions each timed by itself. */
export interface Round {
  readonly rate: number;
  readonly p50Us: number;
  /** NaN where there were too few. */
  readonly p99Us: number;
}

export interface Asking {
  readonly contender: Contender;
  readonly decide: Decide;
  /** How many questions there are; they are asked over and over. */
  readonly questions: number;
}

interface Bounds {
  /** As long as one measurement goes on. */
  readonly forMs: number;
  /** At least so many decisions, however long they take. */
  readonly decisionsMin: number;
}

export async function measureRound(asking: Asking, bounds: Bounds): Promise<Round> {
  const rate = await rateOf(asking, bounds);
  const tookUs = (await timesOf(asking, bounds)).sort((a, b) => a - b);
  const p99Us = tookUs.length < TIMED_MIN ? Number.NaN : quantile(tookUs, 0.99);
  return { rate, p50Us: quantile(tookUs, 0.5), p99Us };
}

/** Fewer have no 99th part. */
const TIMED_MIN = 100;

/** Looking at the clock is not what is measured, so between two looks is about a millisecond of decisions. */
const LOOK_EVERY_MS = 1;
const BETWEEN_LOOKS_MAX = 100;

async function rateOf({ contender, decide, questions }: Asking, { forMs, decisionsMin }: Bounds): Promise<number> {
  const startedAt = performance.now();
  let count = 0;
  let tookMs = 0;
  let betweenLooks = 1;
  while (tookMs < forMs || count < decisionsMin) {
    for (let one = 0; one < betweenLooks; one += 1, count += 1) {
      const decision = decide(count % questions);
      if (contender.promises) await decision;
    }
    tookMs = performance.now() - startedAt;
    betweenLooks = Math.min(BETWEEN_LOOKS_MAX, Math.ceil((LOOK_EVERY_MS * count) / tookMs));
  }
  return (count / tookMs) * 1000;
}

async function timesOf({ contender, decide, questions }: Asking, { forMs, decisionsMin }: Bounds): Promise<number[]> {
  const until = process.hrtime.bigint() + BigInt(forMs) * 1_000_000n;
  const tookUs: number[] = [];
  for (let now = 0n; now < until || tookUs.length < decisionsMin; ) {
    const startedAt = process.hrtime.bigint();
    const decision = decide(tookUs.length % questions);
    if (contender.promises) await decision;
    now = process.hrtime.bigint();
    tookUs.push(Number(now - startedAt) / 1000);
  }
  return tookUs;
}
