import { maskArgs } from '@holdpoint/shared/domain/secret-args';
import { asItIs, printable, type Scrub } from './printable.ts';
import type { ScoredAction } from './scored-action.ts';

const MISSING = '—';
const REASON_MAX_CHARS = 1024;

/** What a tool keeps secret: the paths, hidden whatever stands there, and their values wherever else they turn up. */
export interface Secrets {
  readonly paths: readonly string[];
  readonly scrub: Scrub;
}

/**
 * An escalation's reason for one action: `${name}` is the tool's name, `${value}`, `${entity_key}`, `${args.path}`. What is
 * missing renders as a dash; what is secret is masked.
 */
export function renderReason(
  template: string,
  action: ScoredAction,
  { paths, scrub }: Secrets = { paths: [], scrub: asItIs },
): string {
  const shown = { ...action, args: maskArgs(action.args, paths) };
  const text = template.replace(/\$\{([^{}]*)\}/g, (_, name: string) => placeholder(name.trim(), shown, scrub));
  return printable(text, REASON_MAX_CHARS);
}

function placeholder(name: string, action: ScoredAction, scrub: Scrub): string {
  if (name === 'name') return action.tool;
  if (name === 'value') return show(action.value, scrub);
  if (name === 'entity_key') return show(action.entity_key, scrub);
  if (!name.startsWith('args.')) return MISSING;
  return show(valueAt(action.args, name.slice('args.'.length).split('.')), scrub);
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Record<string, unknown>)[key]
        : undefined,
    value,
  );
}

function show(value: unknown, scrub: Scrub): string {
  if (value === undefined || value === null) return MISSING;
  return printable(scrub(typeof value === 'object' ? JSON.stringify(value) : String(value)));
}
