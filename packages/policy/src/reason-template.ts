import { printable } from './printable.ts';
import type { ScoredAction } from './scored-action.ts';

const MISSING = '—';
const MASKED = '***';
const REASON_MAX_CHARS = 1024;

/**
 * An escalation's reason for one action: `${name}` is the tool's name, `${value}`, `${entity_key}`, `${args.path}`. What is
 * missing renders as a dash; what the tool declares a secret, or would show one inside, is masked.
 */
export function renderReason(template: string, action: ScoredAction, secretArgs: readonly string[] = []): string {
  const text = template.replace(/\$\{([^{}]*)\}/g, (_, name: string) => placeholder(name.trim(), action, secretArgs));
  return printable(text, REASON_MAX_CHARS);
}

function placeholder(name: string, action: ScoredAction, secretArgs: readonly string[]): string {
  if (name === 'name') return action.tool;
  if (name === 'value') return show(action.value);
  if (name === 'entity_key') return show(action.entity_key);
  if (!name.startsWith('args.')) return MISSING;
  const path = name.slice('args.'.length);
  return secretArgs.some((secret) => overlap(secret, path)) ? MASKED : show(valueAt(action.args, path.split('.')));
}

function overlap(secret: string, path: string): boolean {
  return secret === path || secret.startsWith(`${path}.`) || path.startsWith(`${secret}.`);
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

function show(value: unknown): string {
  if (value === undefined || value === null) return MISSING;
  return printable(typeof value === 'object' ? JSON.stringify(value) : String(value));
}
