const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** The largest units of it, two unless told: `1 d 3 h`, `4 min 20 s`, `0 s`. */
export function durationText(ms: number, units: 1 | 2 = 2): string {
  let seconds = Math.max(0, Math.floor(ms / 1000));
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === units) break;
  }
  return parts.join(' ') || '0 s';
}
