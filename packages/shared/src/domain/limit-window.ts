const UNIT_SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** The seconds of a window as a policy's author writes it: `90s`, `24h`, `7d`. */
export function windowSeconds(per: string): number {
  return Number(per.slice(0, -1)) * UNIT_SECONDS[per.slice(-1) as keyof typeof UNIT_SECONDS];
}

/** `90m`, `24h`, `2d`: in the largest unit that gives a whole number; one day is 24h. */
export function windowText(perSeconds: number): string {
  if (perSeconds === UNIT_SECONDS.d) return '24h';
  const unit = (['d', 'h', 'm'] as const).find((one) => perSeconds % UNIT_SECONDS[one] === 0) ?? 's';
  return `${perSeconds / UNIT_SECONDS[unit]}${unit}`;
}
