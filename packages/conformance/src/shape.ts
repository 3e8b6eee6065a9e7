/** What kind of value stands where, of JSON: `{"id":string,"lines":[]}`. Lists differ in length, so their items do not count. */
export function shapeOf(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (Array.isArray(value)) return '[]';
  if (typeof value !== 'object') return typeof value;
  const fields = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .map(([key, inner]) => `${key}:${shapeOf(inner)}`)
    .sort();
  return `{${fields.join(',')}}`;
}
