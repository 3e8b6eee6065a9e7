import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Limit } from '../benchmark.ts';
import { type Facts, hearDecisions, hearOutcomes } from '../facts.ts';
import { profileLimits } from '../limits/cpu-profile.ts';
import { watchCpu } from '../limits/cpu-time.ts';
import { watchStatements } from '../limits/statements.ts';
import { plansOf, propose } from '../load.ts';
import { machineFacts } from '../machine.ts';
import type { Child } from '../processes/child.ts';
import { startService } from '../processes/services.ts';
import { HOT_ENTITY, now } from '../processes/tally.ts';
import { asked, type RunDatabase, type Servers } from '../servers.ts';
import { writeBenchWorkspace } from '../workspace.ts';
import { type Contender, figures } from './contender.ts';
import { emptyRedis } from './redis.ts';
import type { Shape } from './shapes.ts';

const LINES_PER_PLAN = 5;

/**
 * The executor, with all that it owes each effect: intent, outcome, two receipts, the facts. The evaluator decides
 * everything beforehand; the clock runs from the first calls of an executor that finds the decisions in its stream. An effect counts as done when its outcome is heard.
 */
export const holdpoint: Contender = {
  name: 'Holdpoint executor',
  async run(servers, shape, { limitMs, profiled }) {
    await emptyRedis(servers);
    await servers.emptyNats();
    const workspace = await writeBenchWorkspace(join(servers.folder, 'workspace-b3'), { tallied: true });
    const database = await servers.database('ours');
    let executor: Child | undefined;
    let outcomes: Facts | undefined;
    try {
      await decideAll(servers, database, workspace, shape);
      await asked(database.ownerUrl, 'ANALYZE');
      const limits = profiled ? await watchStatements(servers) : undefined;
      const times: number[] = [];
      const hot: number[] = [];
      outcomes = hearOutcomes(servers, ({ items }) => {
        for (const { entity_key } of items) {
          times.push(now());
          hot.push(entity_key === HOT_ENTITY ? 1 : 0);
        }
      });
      executor = await startService('executor', servers, database, workspace);
      const profile = profiled ? await profileOf(servers, executor) : undefined;
      await Promise.race([outcomes.reached(shape.jobs.length), delay(limitMs)]);
      const { outOfOrder } = await executor.report();
      return figures({ times, hot, outOfOrder }, shape, [
        ...((await profile?.()) ?? []),
        ...((await limits?.()) ?? []),
      ]);
    } finally {
      outcomes?.stop();
      await executor?.stop();
      await database.drop();
    }
  },
};

async function decideAll(servers: Servers, database: RunDatabase, workspace: string, shape: Shape): Promise<void> {
  const decisions = hearDecisions(servers);
  const evaluator = await startService('evaluator', servers, database, workspace);
  try {
    await propose(servers, plansOf(shape.jobs, LINES_PER_PLAN));
    await decisions.reached(shape.jobs.length);
  } finally {
    decisions.stop();
    await evaluator.stop();
  }
}

async function profileOf(servers: Servers, executor: Child): Promise<() => Promise<Limit[]>> {
  const { postgres, nats, redis } = servers.stack.servers;
  const pids = { executor: executor.pid, postgres: postgres?.pid ?? 0, nats: nats?.pid ?? 0, redis: redis?.pid ?? 0 };
  const stop = await executor.profile();
  const cpu = await watchCpu(pids);
  return async () => {
    const shares = await cpu(machineFacts({}).cores);
    return [shares, ...profileLimits('executor', await stop())];
  };
}
