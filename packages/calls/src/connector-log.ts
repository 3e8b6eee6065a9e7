import type { Logger } from '@holdpoint/shared/runtime/logger';
import type { ConnectorLog } from '@holdpoint/shared/workspace/connector-runner';
import type { CallSecrets } from './core/call-secrets.ts';

const DEPTH_MAX = 8;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** What a connector may log through: what its call was trusted with does not get out this way. Never throws. */
export function createConnectorLog(logger: Logger, secrets: CallSecrets): ConnectorLog {
  const write = (level: (typeof LEVELS)[number]) => (fields: unknown, message?: unknown) => {
    const text = typeof fields === 'string' ? fields : message;
    try {
      const safe =
        typeof fields === 'string' ? {} : hide(fields instanceof Error ? { err: fields } : fields, secrets, 0);
      logger[level](safe as object, ...(text === undefined ? [] : [secrets.text(String(text))]));
    } catch (err) {
      // A getter or a `toString` of theirs: its words may be anything.
      logger.warn({ threw: err instanceof Error ? err.name : typeof err }, 'what a connector logs cannot be read');
    }
  };
  return Object.fromEntries(LEVELS.map((level) => [level, write(level)])) as unknown as ConnectorLog;
}

/** A copy as plain data, so that nothing that stands in an error or a `toJSON` is overlooked. */
function hide(value: unknown, secrets: CallSecrets, depth: number): unknown {
  if (typeof value === 'string') return secrets.text(value);
  if (typeof value === 'number') return secrets.number(value);
  if (typeof value === 'bigint' || typeof value === 'symbol') return secrets.text(String(value));
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_MAX) return '[deep]';
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((inner) => hide(inner, secrets, depth + 1));
  if ('toJSON' in value && typeof value.toJSON === 'function') return hide(value.toJSON(), secrets, depth + 1);
  const { name, message, stack, cause } = value as Error;
  const own = value instanceof Error ? { type: name, message, stack, ...(cause !== undefined && { cause }) } : {};
  return Object.fromEntries(
    Object.entries({ ...own, ...value }).map(([key, inner]) => [secrets.text(key), hide(inner, secrets, depth + 1)]),
  );
}
