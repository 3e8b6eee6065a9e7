import type { Context } from '../context.ts';
import type { LaneRing, ReadRing } from '../queues/bell.ts';
import { drainLane, runRead } from './drain.ts';

/** Lanes of gone connectors that one look ends; the next goes on. */
const LANES_MAX = 200;
const AT_ONCE_MAX = 10;

export interface GoneConnectors {
  /** Drains those of the given lanes whose head's connector nobody has had for a while. */
  end(heads: readonly LaneRing[]): Promise<void>;
  /** Runs those of the given reads into the same clear error. */
  endReads(reads: readonly ReadRing[]): Promise<void>;
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

  /** Those whose connector is gone, as many as one look ends. */
  async function ofGone<Ring extends { readonly connector: string }>(rings: readonly Ring[]): Promise<Ring[]> {
    const found: Ring[] = [];
    for (const [connector, group] of Map.groupBy(rings, (ring) => ring.connector)) {
      if (!(await isGone(connector))) continue;
      logger.warn({ connector, waiting: group.length }, 'a connector is gone: what waits for it is ended');
      found.push(...group);
    }
    return found.slice(0, LANES_MAX);
  }

  async function each<Ring>(left: Ring[], run: (ring: Ring) => Promise<void>): Promise<void> {
    const worker = async () => {
      for (let one = left.pop(); one && !context.draining.aborted; one = left.pop()) await run(one);
    };
    await Promise.all(Array.from({ length: AT_ONCE_MAX }, worker));
  }

  return {
    end: async (heads) => each(await ofGone(heads), ({ connector, ...job }) => drainLane(context, connector, job)),
    endReads: async (reads) => each(await ofGone(reads), ({ connector, ...job }) => runRead(context, connector, job)),
  };
}
