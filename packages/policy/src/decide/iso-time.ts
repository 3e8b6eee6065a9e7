const told = new WeakMap<Date, string>();

/**
 * ISO 8601. Told once for each date, which must not be changed in place: all lines of a plan are scored at one, and telling it is
 * a third of what a decision costs. @throws RangeError of an impossible one
 */
export function isoTime(date: Date): string {
  const known = told.get(date);
  if (known !== undefined) return known;
  const text = date.toISOString();
  told.set(date, text);
  return text;
}
