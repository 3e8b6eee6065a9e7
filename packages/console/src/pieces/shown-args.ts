/** One line of a table of arguments: where it stands, and what stands there. */
export interface ShownArg {
  readonly path: string;
  readonly value: string;
}

const ROWS_MAX = 200;
const VALUE_MAX_CHARS = 4_000;

/** Every leaf of the arguments with its path, in their own order. What is left out is said, never silently dropped. */
export function shownArgs(args: unknown): { rows: ShownArg[]; leftOut: number } {
  const leaves: ShownArg[] = [];
  const pending: { path: string; value: unknown }[] = [{ path: '', value: args }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { path, value } = next;
    const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    if (inner.length === 0) {
      if (path !== '') leaves.push({ path, value: shown(value) });
      continue;
    }
    const paths = inner.map(([key, item]) => ({ path: join(path, key, Array.isArray(value)), value: item }));
    pending.push(...paths.reverse());
  }
  return { rows: leaves.slice(0, ROWS_MAX), leftOut: Math.max(0, leaves.length - ROWS_MAX) };
}

function join(path: string, key: string, inList: boolean): string {
  if (inList) return `${path}[${key}]`;
  // A dot in a key must not pass for a step.
  const step = /^[^.[\]"]+$/.test(key) ? key : JSON.stringify(key);
  return path === '' ? step : `${path}.${step}`;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '—');
  if (text.length <= VALUE_MAX_CHARS) return text;
  return `${text.slice(0, VALUE_MAX_CHARS)} … (${text.length - VALUE_MAX_CHARS} more characters: read all of it in the API)`;
}
