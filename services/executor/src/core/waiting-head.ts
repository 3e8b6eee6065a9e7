/** Why the head of a lane does not move on. */
export const HEAD_WHYS = [
  'queued',
  'backing_off',
  'frozen',
  'indeterminate',
  'running',
  'paused',
  'circuit_open',
  'rate_limited',
  'unauthorised',
] as const;
export type HeadWhy = (typeof HEAD_WHYS)[number];

/** What could run waits for a worker, unless its connector's gate is closed. */
export function headWhy(
  why: HeadWhy,
  gate: 'paused' | 'circuit_open' | 'rate_limited' | 'unknown' | undefined,
): HeadWhy {
  return why === 'queued' && gate !== undefined && gate !== 'unknown' ? gate : why;
}
