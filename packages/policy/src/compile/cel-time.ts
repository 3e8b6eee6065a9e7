import type { ASTNode, Environment } from '@marcbachmann/cel-js';

/**
 * Functions of time whose answers depend on nothing but what they are asked. The library's go by the clock of the machine: a text
 * without an offset is read as its local time, and a day or hour of a named zone is told through it, wrong while it is changed.
 */
export function registerTime(environment: Environment): Environment {
  for (const [name, of] of Object.entries(FIELDS)) {
    environment.registerFunction(`${TIMESTAMP}.${ours(name)}(string): int`, (at: Date, zone: string) =>
      BigInt(of(zoned(at, zone))),
    );
  }
  return environment
    .registerFunction(`${TIMESTAMP}.${ours('getDayOfYear')}(): int`, (at: Date) => BigInt(dayOfYear(at)))
    .registerFunction(`${ours('timestamp')}(string): ${TIMESTAMP}`, readTimestamp)
    .registerFunction(`${ours('timestamp')}(int): ${TIMESTAMP}`, (seconds: bigint) => inRange(Number(seconds) * 1000))
    .registerFunction(`${ours('timestamp')}(${TIMESTAMP}): ${TIMESTAMP}`, (at: Date) => at);
}

/** Has a text call these in place of the library's. Before it is checked, for that is when calls are resolved. */
export function callOurTime(root: ASTNode): void {
  const nodes: unknown[] = [root];
  const seen = new Set<unknown>();
  while (nodes.length > 0) {
    const node = nodes.pop();
    if (typeof node !== 'object' || node === null || seen.has(node)) continue;
    seen.add(node);
    if (Array.isArray(node)) {
      nodes.push(...node);
      continue;
    }
    const { op, args } = node as { readonly op?: unknown; readonly args?: unknown };
    if (Array.isArray(args) && (isOurs(op, args) || isOursOf(op, args))) args[0] = ours(String(args[0]));
    // A macro keeps what it stands for beside what was written.
    nodes.push(...Object.values(node), (node as { meta?: { alternate?: unknown } }).meta?.alternate);
  }
}

const TIMESTAMP = 'google.protobuf.Timestamp';

const ours = (name: string): string => `${name}_`;

const isOurs = (op: unknown, [name, args]: readonly unknown[]): boolean =>
  op === 'call' && name === 'timestamp' && Array.isArray(args) && args.length === 1;

function isOursOf(op: unknown, [name, , args]: readonly unknown[]): boolean {
  if (op !== 'rcall' || typeof name !== 'string' || !Array.isArray(args)) return false;
  return args.length === 1 ? Object.hasOwn(FIELDS, name) : args.length === 0 && name === 'getDayOfYear';
}

/** Of a time whose fields in UTC are those of the zone. */
const FIELDS: Readonly<Record<string, (at: Date) => number>> = {
  getFullYear: (at) => at.getUTCFullYear(),
  getMonth: (at) => at.getUTCMonth(),
  getDate: (at) => at.getUTCDate(),
  getDayOfMonth: (at) => at.getUTCDate() - 1,
  getDayOfWeek: (at) => at.getUTCDay(),
  getDayOfYear: dayOfYear,
  getHours: (at) => at.getUTCHours(),
  getMinutes: (at) => at.getUTCMinutes(),
  getSeconds: (at) => at.getUTCSeconds(),
};

function dayOfYear(at: Date): number {
  const day = Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate());
  return Math.round((day - Date.UTC(at.getUTCFullYear(), 0, 1)) / 86_400_000);
}

function zoned(at: Date, zone: string): Date {
  const fields: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(at)) fields[type] = Number(value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = fields;
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second));
}

/** A zone may come from an event: only so many are remembered. */
const FORMATS_MAX = 100;
const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError for a zone that nobody knows */
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
  const format = new Intl.DateTimeFormat('en-US', { ...numeric, second: 'numeric', hourCycle: 'h23', timeZone: zone });
  if (formats.size >= FORMATS_MAX) formats.clear();
  formats.set(zone, format);
  return format;
}

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** A time says how far it is from UTC, and its day exists: 29 February of a common year is no 1 March. */
function readTimestamp(text: string): Date {
  const [, year, month, day] = RFC_3339.exec(text) ?? [];
  const written = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (written.getUTCMonth() !== Number(month) - 1 || written.getUTCDate() !== Number(day)) throw notATime();
  return inRange(Date.parse(text));
}

function inRange(ms: number): Date {
  if (!(ms >= -62_135_596_800_000 && ms <= 253_402_300_799_999)) throw notATime();
  return new Date(ms);
}

const notATime = (): RangeError =>
  new RangeError('timestamp() requires a date and time in RFC 3339, such as 2026-01-31T08:00:00Z');
