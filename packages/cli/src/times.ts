const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `30d`, `12h` or `90m` from now (-1: ago), or a time as RFC 3339 writes it, in milliseconds; NaN where it is neither. */
export function timeFrom(text: string, nowMs: number, direction: 1 | -1): number {
  const [, count, unit] = /^([0-9]{1,5})([mhd])$/.exec(text) ?? [];
  return unit ? nowMs + direction * Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS] : Date.parse(text);
}
