import type { Context } from '../context.ts';
import { findLaneHeads } from '../store/find-lane-heads.ts';

/** Rings for whoever is the head of a lane now, if it may run. Where that fails the sweep will. */
export async function ringHead({ db, bell, logger }: Context, laneId: number): Promise<void> {
  try {
    const heads = await findLaneHeads(db, { after: laneId - 1, limit: 1, minAgeMs: 0 });
    await bell.ringLanes(heads.flatMap(({ runnable, ...ring }) => (runnable && ring.lane_id === laneId ? [ring] : [])));
  } catch (err) {
    logger.warn({ err, lane_id: laneId }, 'not rung now; the sweep will');
  }
}
