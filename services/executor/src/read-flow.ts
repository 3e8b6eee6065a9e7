import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Flow } from '@holdpoint/shared/domain/flow';
import type { Kysely } from 'kysely';
import { createFlowWindow } from './core/flow-window.ts';
import { type HeadWhy, headWhy } from './core/waiting-head.ts';
import type { Gates } from './queues/gates.ts';
import { countPassed } from './store/count-passed.ts';
import { countWaiting } from './store/count-waiting.ts';
import { findOldestHead } from './store/find-oldest-head.ts';
import { readClock } from './store/read-clock.ts';

/** Receipts carry their time from before their commit; later than this one is not counted. */
const SETTLED_AFTER_SECONDS = 2;
const SHOWN_MAX_MS = 1_000;
/** Of what is new, so that a busy second is counted in full; of what lies further back there is time to read less at once. */
const NEWER_ROWS_MAX = 20_000;
const OLDER_ROWS_MAX = 8_000;
/** Beyond this many tenants that watch, the longest unwatched is asked anew. */
const TENANTS_MAX = 1_000;

export interface FlowReader {
  /** At most a second old. */
  read(tenant: string): Promise<Flow>;
}

/**
 * How work stands and moves. What passed is read once for all who look, each second of it once, and only while somebody looks;
 * the first look knows the newest, and the next ones reach further back.
 */
export function createFlowReader(db: Kysely<Database>, gates: Pick<Gates, 'waitsFor'>): FlowReader {
  const passed = createFlowWindow();
  const catchUp = onceEach(SHOWN_MAX_MS, async () => {
    const newer = passed.wantsNewer(Math.floor(await readClock(db)) - SETTLED_AFTER_SECONDS);
    if (newer)
      passed.addNewer(newer.until, await countPassed(db, newer, passed.until === 0 ? OLDER_ROWS_MAX : NEWER_ROWS_MAX));
    const older = passed.wantsOlder();
    if (older) passed.addOlder(await countPassed(db, older, OLDER_ROWS_MAX));
  });

  async function look(tenant: string): Promise<Flow> {
    const [waiting, head] = await Promise.all([countWaiting(db, tenant), findOldestHead(db, tenant), catchUp()]);
    const of = (what: keyof Flow['waiting']) => waiting.find((one) => one.what === what);
    const gauge = (what: keyof Flow['waiting']) => {
      const { count, at_least } = of(what) ?? { count: 0, at_least: false };
      return { count, at_least };
    };
    const asked = of('approvals');
    return {
      at: new Date((passed.until + SETTLED_AFTER_SECONDS) * 1000).toISOString(),
      waiting: {
        held: gauge('held'),
        rescore: gauge('rescore'),
        queued: gauge('queued'),
        running: gauge('running'),
        indeterminate: gauge('indeterminate'),
        approvals: gauge('approvals'),
      },
      oldest_head: head
        ? {
            action_id: head.action_id,
            connector: head.connector,
            why: headWhy(head.why, gates.waitsFor(head.connector, tenant)) satisfies HeadWhy,
            age_seconds: head.seconds,
          }
        : null,
      oldest_approval:
        asked?.id != null && asked.oldest_seconds !== null ? { id: asked.id, age_seconds: asked.oldest_seconds } : null,
      windows: passed.show(tenant),
    };
  }

  const looks = new Map<string, () => Promise<Flow>>();
  return {
    read(tenant) {
      const known = looks.get(tenant) ?? onceEach(SHOWN_MAX_MS, () => look(tenant));
      looks.delete(tenant);
      looks.set(tenant, known);
      const [oldest] = looks.keys();
      if (looks.size > TENANTS_MAX && oldest !== undefined) looks.delete(oldest);
      return known();
    },
  };
}

/** One call at a time, whose answer serves all who ask meanwhile and for so long after; a failure serves nobody after it. */
function onceEach<T>(maxAgeMs: number, run: () => Promise<T>): () => Promise<T> {
  let last: { readonly answer: Promise<T>; endedAt: number | undefined } | undefined;
  return () => {
    if (last && (last.endedAt === undefined || performance.now() - last.endedAt < maxAgeMs)) return last.answer;
    const mine: NonNullable<typeof last> = { answer: run(), endedAt: undefined };
    last = mine;
    mine.answer.then(
      () => {
        mine.endedAt = performance.now();
      },
      () => {
        if (last === mine) last = undefined;
      },
    );
    return mine.answer;
  };
}
