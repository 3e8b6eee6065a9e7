import { join } from 'node:path';
import { emptyRedis } from '../b3/redis.ts';
import type { Child } from '../processes/child.ts';
import { startService } from '../processes/services.ts';
import type { RunDatabase, Servers } from '../servers.ts';
import { writeBenchWorkspace } from '../workspace.ts';

/** The services between a plan and its outcome, on a database of their own. */
export interface Pair {
  readonly database: RunDatabase;
  start(service: 'evaluator' | 'executor'): Promise<Child>;
  stop(service: 'evaluator' | 'executor'): Promise<void>;
  /** Stops what runs and drops the database. */
  end(): Promise<void>;
}

export async function openPair(servers: Servers): Promise<Pair> {
  await emptyRedis(servers);
  await servers.emptyNats();
  const workspace = await writeBenchWorkspace(join(servers.folder, 'workspace-b4'), { tallied: false });
  const database = await servers.database('ours');
  const running = new Map<string, Child>();
  const stop: Pair['stop'] = async (service) => {
    const child = running.get(service);
    running.delete(service);
    await child?.stop();
  };
  return {
    database,
    async start(service) {
      const child = await startService(service, servers, database, workspace);
      running.set(service, child);
      return child;
    },
    stop,
    async end() {
      await Promise.all([stop('evaluator'), stop('executor')]);
      await database.drop();
    },
  };
}
