import type { Json } from '@holdpoint/shared/domain/json';
import { KEY_PATTERN, NAME_PATTERN, TOOL_PATTERN } from '@holdpoint/shared/domain/names';
import type { PlannedAction } from '@holdpoint/shared/domain/plan';

/** What a line states beside its arguments. */
export type StatedFacts = Omit<PlannedAction, 'args'>;

const FIELDS: ReadonlySet<string> = new Set<keyof PlannedAction>([
  'connector',
  'tool',
  'args',
  'value',
  'entity_key',
  'idempotency_key',
]);

/**
 * Reads a line that is beyond doubt, at a tenth of what its schema costs. Undefined: the schema is to be asked, which also knows
 * the reasons. What is read here the schema reads the same. `args`: a sound copy of the line's.
 */
export function statedFacts(line: unknown, args: Json): StatedFacts | undefined {
  if (typeof line !== 'object' || line === null || Object.getPrototypeOf(line) !== Object.prototype) return undefined;
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return undefined;
  for (const key of Object.keys(line)) if (!FIELDS.has(key)) return undefined;
  const { connector, tool, value, entity_key, idempotency_key } = line as Record<string, unknown>;
  const sound =
    typeof connector === 'string' &&
    NAME_PATTERN.test(connector) &&
    typeof tool === 'string' &&
    TOOL_PATTERN.test(tool) &&
    (value === undefined || isValue(value)) &&
    (entity_key === undefined || isKey(entity_key)) &&
    (idempotency_key === undefined || isKey(idempotency_key));
  return sound ? { connector, tool, value, entity_key, idempotency_key } : undefined;
}

export function isValue(value: unknown): value is number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return false;
  return !Number.isInteger(value) || Number.isSafeInteger(value);
}

export function isKey(value: unknown): value is string {
  return typeof value === 'string' && KEY_PATTERN.test(value);
}
