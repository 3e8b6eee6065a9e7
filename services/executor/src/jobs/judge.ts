import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import { settleDead } from '../core/settlement.ts';
import { type DeadAttempt, findDeadAttempts } from '../store/find-dead-attempts.ts';
import { forgetWorkers, settleAttempts } from '../store/settle-attempts.ts';

const PAGE_MAX_ATTEMPTS = 500;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/**
 * Settles the attempts of dead workers by what their tools declare. Only a judge that has itself had the database for a whole
 * lease may judge: after an outage everybody's heartbeat is old.
 */
export function startJudge(context: Context): Poll {
  const { config, lease, logger, db } = context;
  const { leaseMs } = config.limits;
  return startPoll({
    name: 'judge',
    everyMs: leaseMs / 3,
    backoffMaxMs: leaseMs,
    async run(signal) {
      let after = BEFORE_ALL;
      while (!signal.aborted && lease.unbrokenMs() >= leaseMs) {
        const tokens = [...context.flusher.tokens];
        const query = { after, limit: PAGE_MAX_ATTEMPTS, leaseMs, worker: lease.worker, tokens };
        const dead = await findDeadAttempts(db, query);
        await settle(
          context,
          dead.filter((attempt) => attempt.silent_ms >= settleAfterMs(context, attempt)),
        );
        const last = dead.at(-1);
        if (!last || dead.length < PAGE_MAX_ATTEMPTS) break;
        after = last.id;
      }
      await forgetWorkers(db);
    },
    onError: (err) => logger.warn({ err }, 'judge: a round failed'),
  });
}

/** A call that was sent at the last moment of the lease has had its whole time by then. */
function settleAfterMs({ config, connectors }: Context, { connector, tool }: DeadAttempt): number {
  return config.limits.leaseMs + (connectors.tool(connector, tool)?.timeoutMs ?? config.limits.callTimeoutMs);
}

async function settle(context: Context, dead: readonly DeadAttempt[]): Promise<void> {
  if (dead.length === 0) return;
  const { connectors, db, lease, metrics, relay, logger } = context;
  const ends = new Map(
    dead.map(({ id, token, connector, tool, attempts }) => [
      id,
      { ...settleDead(connectors.tool(connector, tool), attempts), token },
    ]),
  );
  for (const id of await settleAttempts(db, Object.fromEntries(ends), `executor|${lease.worker}`)) {
    const to = ends.get(id)?.to ?? 'unknown';
    metrics.settled.inc({ to });
    logger.warn({ action_id: id, to }, 'an attempt of a lost worker is settled');
  }
  relay.nudge();
}
