import { durationText } from '../../pieces/duration.ts';

/** How long after the step before: to the millisecond where that is what tells. */
export function gapText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return durationText(ms);
}
