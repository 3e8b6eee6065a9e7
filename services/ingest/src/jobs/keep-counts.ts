import { STREAMS } from '@holdpoint/shared/messages/streams';
import { startPoll } from '@holdpoint/shared/runtime/poll';
import type { CountsLimits } from '../config.ts';
import type { IngestContext } from '../context.ts';
import { addSourceResults } from '../store/add-source-results.ts';
import { addUsage } from '../store/add-usage.ts';
import { forgetUsage } from '../store/forget-usage.ts';
import { readUsage } from '../store/read-usage.ts';

export interface CountsKeeper {
  /** Resolves once what other instances and earlier lives saved is known, or cannot be. */
  readonly ready: Promise<void>;
  /** Saves what is not yet saved, where that can be done. */
  stop(): Promise<void>;
}

/** A start waits for what was saved at most so long. */
const READY_MAX_MS = 2_000;
const HOUR_MS = 3_600_000;
const NS_A_MS = 1_000_000;

/**
 * Saves counts and usage to Postgres in batches and reads back what all instances used. One after the other, so that what is
 * read holds what this instance saved. A commit whose answer is lost is made again: then it counts twice, which a quota bears.
 */
export function keepCounts(context: IngestContext, { saveEveryMs, readEveryMs }: CountsLimits): CountsKeeper {
  let readAt = Number.NEGATIVE_INFINITY;
  let forgottenAt = 0;
  let firstRound = () => {};
  const ready = new Promise<void>((resolve) => {
    const late = setTimeout(resolve, READY_MAX_MS);
    firstRound = () => {
      clearTimeout(late);
      resolve();
    };
  });

  const poll = startPoll({
    name: 'counts',
    everyMs: saveEveryMs,
    backoffMaxMs: Math.max(saveEveryMs, 5_000),
    async run() {
      try {
        await save(context);
        if (performance.now() - readAt < readEveryMs || !context.nats.connected()) return;
        const maxAgeMs = await readBack(context);
        readAt = performance.now();
        if (Date.now() - forgottenAt < HOUR_MS) return;
        forgottenAt = Date.now();
        await forgetUsage(context.db, new Date(forgottenAt - maxAgeMs - 2 * HOUR_MS));
      } finally {
        firstRound();
      }
    },
    onError: (err) => context.logger.debug({ err }, 'deliveries could not be counted in Postgres yet'),
  });

  return {
    ready,
    async stop() {
      await poll.stop();
      await save(context).catch((err: unknown) => context.logger.warn({ err }, 'the last counts were not saved'));
    },
  };
}

async function save({ db, quotas, health }: IngestContext): Promise<void> {
  const usage = quotas.takeUnsaved();
  const results = health.takeUnsaved();
  if (usage.length === 0 && results.length === 0) return;
  try {
    await db.transaction().execute(async (tx) => {
      await addUsage(tx, usage);
      await addSourceResults(tx, results);
    });
    quotas.saved(usage);
  } catch (error) {
    quotas.notSaved(usage);
    health.notSaved(results);
    throw error;
  }
}

/** What counts is what the stream still holds: younger than its first message, which is young after a purge or a loss. */
async function readBack({ db, nats, quotas, tenants, sharesOf, metrics }: IngestContext): Promise<number> {
  const { config: stream, state } = await nats.jsm.streams.info(STREAMS.EVENTS.name);
  const maxAgeMs = stream.max_age / NS_A_MS;
  const firstAt = state.messages === 0 ? Number.POSITIVE_INFINITY : Date.parse(String(state.first_ts));
  const since = Math.max(Date.now() - maxAgeMs, firstAt);
  const used = Number.isFinite(since)
    ? await readUsage(db, new Date(Math.floor(since / HOUR_MS) * HOUR_MS))
    : new Map<string, number>();
  quotas.known(used, sharesOf(stream.max_bytes));
  for (const tenant of tenants) metrics.quota(tenant, quotas.usedBytes(tenant), quotas.maxBytes(tenant));
  return maxAgeMs;
}
