import { describeError, printable } from '@holdpoint/policy/decide/printable';
import type { ConnectorLog } from '@holdpoint/shared/workspace/connector-runner';
import type { LogLine } from './protocol.ts';

const LINES_MAX = 20;
const FIELDS_MAX_CHARS = 2_048;

/** A hook's `ctx.log`. Bounded, so that a loop that logs does not flood the service. */
export function hookLog(hook: string, about: string, say: (line: LogLine) => void): ConnectorLog {
  let lines = 0;
  const at = (level: LogLine['level']) => (fields: object, message?: string) => {
    lines += 1;
    if (lines > LINES_MAX) return;
    const text = lines === LINES_MAX ? 'the call has logged enough; no more of it follows' : String(message ?? '');
    say({ level, hook, about, message: printable(text), fields: plainFields(fields) });
  };
  return Object.freeze({ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') });
}

function plainFields(fields: unknown): unknown {
  try {
    const text = JSON.stringify(fields) ?? 'null';
    return text.length > FIELDS_MAX_CHARS ? printable(text, FIELDS_MAX_CHARS) : JSON.parse(text);
  } catch (error) {
    return describeError(error);
  }
}
