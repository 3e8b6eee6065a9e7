import type { Context } from '../context.ts';
import type { LaneRing } from '../queues/bell.ts';
import { drainLane } from './drain.ts';

/** Lanes of gone connectors that one look ends; the next goes on. */
const LANES_MAX = 200;
const AT_ONCE_MAX = 10;

export interface GoneConnectors {
  /** Drains those of the given lanes whose head's connector nobody has had for a while. */
  end(heads: readonly LaneRing[]): Promise<void>;
}

/**
 * Ends what waits for a connector that is gone from the workspace: no queue's worker ever would, and it would block its lane.
 * An instance with an older workspace must not fail what a newer one can run, so a connector counts as gone only where nobody
 * has served its queue for a while.
 */
export function createGoneConnectors(context: Context): GoneConnectors {
  const { bell, connectors, config, logger } = context;
  const unservedSince = new Map<string, number>();

  async function isGone(connector: string): Promise<boolean> {
    if (connectors.names.includes(connector)) return false;
    if (await bell.isServed(connector)) {
      unservedSince.delete(connector);
      return false;
    }
    const since = unservedSince.get(connector) ?? performance.now();
    unservedSince.set(connector, since);
    return performance.now() - since >= config.limits.goneAfterMs;
  }

  return {
    async end(heads) {
      const lanes: LaneRing[] = [];
      for (const [connector, group] of Map.groupBy(heads, (head) => head.connector)) {
        if (!(await isGone(connector))) continue;
        logger.warn({ connector, lanes: group.length }, 'a connector is gone: what waits for it is ended');
        lanes.push(...group);
      }
      const left = lanes.slice(0, LANES_MAX);
      const drain = async () => {
        for (let head = left.pop(); head && !context.draining.aborted; head = left.pop()) {
          const { connector, ...job } = head;
          await drainLane(context, connector, job);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE_MAX }, drain));
    },
  };
}
