import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { RecordedEnd } from '@holdpoint/calls/core/end-attempt';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Batcher, createBatcher } from '@holdpoint/shared/runtime/batcher';
import { isDependencyLoss } from '@holdpoint/shared/runtime/dependency-loss';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import { isDeadlock, isUniqueViolation } from '@holdpoint/shared/runtime/postgres';
import type { Kysely } from 'kysely';
import { type Found, flush } from '../store/flush.ts';

/** One drain's wish for the next flush. */
interface Ask {
  readonly finish?: RecordedEnd & { readonly action: string; readonly token: string };
  readonly claim?: { readonly lane: number; readonly connector: string; readonly token: string };
  readonly read?: { readonly action: string; readonly token: string };
}

interface Answer {
  /** False: the attempt was no longer ours. */
  readonly finished: boolean;
  readonly found: Found;
}

export interface Flusher {
  claim(lane: number, connector: string): Promise<Found>;
  claimRead(action: string): Promise<Found>;
  /** Records how an attempt ended and, where a lane is named, claims its next head in the same commit. */
  finish(
    ended: RecordedEnd & { readonly action: string; readonly token: string },
    next?: { readonly lane: number; readonly connector: string },
  ): Promise<Answer>;
  /** Tokens that are asked for or held: a running row of ours under another one has lost its caller. */
  readonly tokens: ReadonlySet<string>;
  readonly depth: number;
  drain(): Promise<void>;
}

const ITEMS_MAX = 200;
const BYTES_MAX = 8 * 1024 * 1024;
const QUEUED_MAX = 100_000;
const RETRY_MAX_MS = 2_000;
/** Tries of what fails for another reason than an outage, before its answer is left out. */
const TRIES_MAX = 4;

/** The one batcher through which all drains of this process talk to the rows. */
export function createFlusher(options: {
  readonly db: Kysely<Database>;
  readonly worker: string;
  readonly authorisedMaxSeconds: number;
  readonly logger: Logger;
  /** Something was announced: facts wait in the outbox. */
  readonly onFinished: () => void;
  readonly onFlushed?: (items: number, seconds: number) => void;
  /** From when on an outage is no longer waited out. */
  readonly abandon: AbortSignal;
}): Flusher {
  const tokens = new Set<string>();
  const batcher: Batcher<Ask, Answer> = createBatcher({
    name: 'flush',
    maxItems: ITEMS_MAX,
    maxBytes: BYTES_MAX,
    sizeOf: ({ finish }) => (finish?.to === 'applied' ? JSON.stringify(finish.result).length : 0),
    maxQueued: QUEUED_MAX,
    flush: async (asks) => {
      const startedAt = performance.now();
      const answers = await flushAll(options, asks);
      options.onFlushed?.(asks.length, (performance.now() - startedAt) / 1000);
      if (answers.some(({ finished }) => finished)) options.onFinished();
      return answers;
    },
    retrySingly: (error) => isUniqueViolation(error) || isDeadlock(error) || !isDependencyLoss(error),
  });

  /**
   * Asks until there is an answer. The same token asked for again finds its claim where only the answer was lost; leaving it
   * would leave a running row that nobody runs.
   */
  async function ask(wish: Ask): Promise<Answer> {
    let wanted = wish;
    for (let tries = 1, waitMs = 50; ; waitMs = Math.min(waitMs * 2, RETRY_MAX_MS)) {
      try {
        return await batcher.add(wanted);
      } catch (error) {
        if (options.abandon.aborted) throw error;
        if (!isDependencyLoss(error)) {
          tries += 1;
          options.logger.error({ err: error, action: wish.finish?.action, tries }, 'a flush failed');
          // An end is not given up: without it the row would run on under a worker that lives.
          if (tries > TRIES_MAX + 1 && !wish.finish) throw error;
          if (tries > TRIES_MAX) wanted = withoutAnswer(wish);
        }
        await delay(waitMs * (0.5 + Math.random() / 2), undefined, { signal: options.abandon }).catch(() => {});
      }
    }
  }

  async function askFor(wish: Ask, token: string | undefined): Promise<Answer> {
    if (token !== undefined) tokens.add(token);
    try {
      const answer = await ask(wish);
      if (wish.finish) tokens.delete(wish.finish.token);
      if (token !== undefined && answer.found.verdict !== 'claimed') tokens.delete(token);
      return answer;
    } catch (error) {
      // Nobody runs it any more: the judge may have it.
      if (token !== undefined) tokens.delete(token);
      if (wish.finish) tokens.delete(wish.finish.token);
      throw error;
    }
  }

  return {
    tokens,
    async claim(lane, connector) {
      const token = randomUUID();
      return (await askFor({ claim: { lane, connector, token } }, token)).found;
    },
    async claimRead(action) {
      const token = randomUUID();
      return (await askFor({ read: { action, token } }, token)).found;
    },
    finish(finish, next) {
      const token = next && randomUUID();
      return askFor({ finish, ...(next && token && { claim: { ...next, token } }) }, token);
    },
    get depth() {
      return batcher.depth;
    },
    drain: () => batcher.drain(),
  };
}

async function flushAll(options: Parameters<typeof createFlusher>[0], asks: readonly Ask[]): Promise<Answer[]> {
  try {
    return await flushOnce(options, asks);
  } catch (error) {
    const [only] = asks;
    // What ended is recorded even where the next may not be claimed.
    if (asks.length > 1 || !only?.finish || !only.claim || isDependencyLoss(error)) throw error;
    const [ended] = await flushOnce(options, [{ finish: only.finish }]);
    options.logger.error({ err: error, lane: only.claim.lane }, 'a head could not be claimed');
    return ended ? [ended] : [];
  }
}

async function flushOnce(options: Parameters<typeof createFlusher>[0], asks: readonly Ask[]): Promise<Answer[]> {
  const { finished, found } = await flush(
    options.db,
    {
      finishes: Object.fromEntries(
        asks.flatMap(({ finish }) => {
          if (!finish) return [];
          const { action, ...end } = finish;
          return [[action, end]];
        }),
      ),
      claims: asks.flatMap(({ claim }) => claim ?? []),
      reads: Object.fromEntries(asks.flatMap(({ read }) => (read ? [[read.action, read.token]] : []))),
    },
    options,
  );
  return asks.map(({ finish, claim, read }) => ({
    finished: finish !== undefined && finished.has(finish.action),
    found: found.get(claim?.token ?? read?.token ?? '') ?? NOTHING,
  }));
}

const NOTHING: Found = { verdict: 'empty', connector: null, claimed: null };

/** The end without the connector's words: better a result lost than an end. */
function withoutAnswer(wish: Ask): Ask {
  if (!wish.finish) return wish;
  const finish =
    wish.finish.to === 'applied'
      ? { ...wish.finish, result: { unserialisable: 'refused by the database' } }
      : { ...wish.finish, error: 'failed with words that the database refused' };
  return { ...wish, finish };
}
