import { EntityError } from './entity-error.ts';

/** RFC 3339, https://www.rfc-editor.org/rfc/rfc3339#section-5.6 */
const TIME = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/;

/** A version as a decimal number that grows with it: of a time its microseconds since 1970. @throws EntityError */
export function readVersion(value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  const [, date, time, fraction = '', zone] = (typeof value === 'string' && TIME.exec(value)) || [];
  const seconds = date === undefined ? Number.NaN : Date.parse(`${date}T${time}${zone?.toUpperCase()}`);
  if (Number.isNaN(seconds)) throw new EntityError('version: must be a number, or an RFC 3339 time');
  return String(BigInt(seconds) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6)));
}
