import { canAsk } from '@holdpoint/calls/call-connector';
import type { RecordedEnd } from '@holdpoint/calls/core/end-attempt';
import { settleDead, settleDelayMs } from '@holdpoint/calls/core/settlement';
import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import { type DeadAttempt, findDeadAttempts } from '../store/find-dead-attempts.ts';
import { forgetWorkers, settleAttempts } from '../store/settle-attempts.ts';
import { ringHead } from './ring-head.ts';

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

/**
 * A call that was sent at the last moment of the lease has had its whole time by then. What this workspace does not know is
 * left to instances that do, for as long as there may be some.
 */
function settleAfterMs({ config, connectors }: Context, { connector, tool: name }: DeadAttempt): number {
  const { leaseMs, callTimeoutMs, goneAfterMs } = config.limits;
  const tool = connectors.tool(connector, name);
  return leaseMs + (tool ? (tool.timeoutMs ?? callTimeoutMs) : callTimeoutMs + goneAfterMs);
}

function endOf({ config, connectors }: Context, { connector, tool: name, attempts }: DeadAttempt): RecordedEnd {
  const tool = connectors.tool(connector, name);
  const asks = tool !== undefined && canAsk(connectors.runner(connector), name);
  return {
    ...settleDead(tool, attempts, asks ? settleDelayMs(tool, config.limits) : undefined),
    ...(tool?.whenIndeterminate === 'go_on' && { leaves_lane: true }),
  };
}

async function settle(context: Context, dead: readonly DeadAttempt[]): Promise<void> {
  if (dead.length === 0) return;
  const { db, lease, metrics, relay, logger } = context;
  const ends = new Map(dead.map((attempt) => [attempt.id, { ...endOf(context, attempt), token: attempt.token }]));
  const moved = new Set(await settleAttempts(db, Object.fromEntries(ends), `executor|${lease.worker}`));
  relay.nudge();
  for (const { id, lane_id } of dead) {
    const end = ends.get(id);
    if (!end || !moved.has(id)) continue;
    metrics.settled.inc({ to: end.to });
    logger.warn({ action_id: id, to: end.to }, 'an attempt of a lost worker is settled');
    if (lane_id !== null && end.to !== 'queued' && end.leaves_lane) await ringHead(context, lane_id);
  }
}
