import { LIMIT_DIMENSIONS, type LimitDimension } from '@holdpoint/shared/domain/policy';
import type { Reservation } from '@holdpoint/shared/domain/reservation';
import type { CompiledPolicy } from '../compile/policy-set.ts';

interface Limited {
  readonly connector: string;
  readonly tool: string;
  readonly value: number | null;
  readonly entity_key: string | null;
}

/**
 * What an action asks of the limits of all policies that it matched: one reservation each, sorted by key; undefined where none has
 * a limit. Policies that share an id share its content and so its limit: one reservation. A function of the matched set.
 */
export function reservationsOf(
  matched: readonly CompiledPolicy[],
  action: Limited,
  operator: string,
): Reservation[] | undefined {
  let found: Map<string, Reservation> | undefined;
  for (const { id, limit } of matched) {
    if (!limit) continue;
    const who = whoOf(limit.by, action, operator);
    const key = limitKey(id, limit.by, who);
    found ??= new Map();
    found.set(key, {
      policy: id,
      key,
      by: limit.by,
      who,
      amount: action.value ?? 0,
      ...(limit.count !== undefined && { count: limit.count }),
      ...(limit.total !== undefined && { total: limit.total }),
      per_seconds: limit.perSeconds,
    });
  }
  return found && [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** JSON text, so no two are the same; anything that a name may hold is escaped. */
export function limitKey(policy: string, by: LimitDimension, who: string): string {
  return JSON.stringify([policy, by, who]);
}

/** What a key was made of. */
export function readLimitKey(key: string): {
  readonly policy: string;
  readonly by: LimitDimension;
  readonly who: string;
} {
  const [policy, by, who] = JSON.parse(key) as [string, LimitDimension, string];
  if (!LIMIT_DIMENSIONS.includes(by)) throw new Error(`not a limit's key: ${key}`);
  return { policy, by, who };
}

function whoOf(by: LimitDimension, { connector, tool, entity_key }: Limited, operator: string): string {
  switch (by) {
    case 'entity':
      return entity_key ?? '';
    case 'operator':
      return operator;
    case 'tool':
      return `${connector} ${tool}`;
    case 'tenant':
      return '';
    default:
      throw new Error(`no such dimension: ${by satisfies never}`);
  }
}
