import { digestOf } from '@holdpoint/shared/domain/digest';
import type { Json } from '@holdpoint/shared/domain/json';
import type { PolicyChange } from '@holdpoint/shared/domain/policy-change';

/** A tenant's policies as `GET /v1/policies` shows them. */
export interface ShownSet {
  readonly version: string;
  readonly policies: readonly Readonly<Record<string, unknown>>[];
}

/** What a version decides otherwise than another did. */
export interface Compared {
  readonly with: string | undefined;
  readonly effects: readonly PolicyChange[];
}

const CHANGES_MAX = 200;
/** Of a tenant that the workspace does not have: nothing is permitted. */
export const NO_SET: ShownSet = { version: 'none', policies: [] };

/**
 * What became of a tenant's policies, in sentences: first of the whole, then what is decided otherwise (where it was compared
 * with what was said last), then by id. Empty where the version is the same.
 */
export function policyChanges(before: ShownSet | undefined, after: ShownSet, compared?: Compared): PolicyChange[] {
  if (before?.version === after.version) return [];
  const old = byId(before?.policies ?? []);
  const now = byId(after.policies);
  const changes = [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((policy): PolicyChange[] => {
    const [was, is] = [old.get(policy), now.get(policy)];
    if (was === undefined) return [{ code: 'policy_added', policy, message: `${policy} is new` }];
    if (is === undefined) return [{ code: 'policy_removed', policy, message: `${policy} is gone` }];
    const fields = changedFields(was, is);
    if (fields.length === 0) return [];
    return [{ code: 'policy_changed', policy, message: `${policy} has another ${fields.join(', ')}` }];
  });
  const effects = before !== undefined && compared?.with === before.version ? compared.effects : [];
  return [{ code: 'policies_changed', message: whole(before, after, changes.length) }, ...effects, ...bounded(changes)];
}

function whole(before: ShownSet | undefined, after: ShownSet, changes: number): string {
  if (before === undefined) return `${after.version} is the first: ${count(after.policies.length)}`;
  if (after.version === NO_SET.version) return `${before.version} is withdrawn: the tenant has no policies any more`;
  const what =
    changes === 0
      ? 'no policy reads otherwise; what they rest on has changed: tools, grants, hooks or what is imported'
      : '';
  return [`${after.version} takes the place of ${before.version}`, what].filter((part) => part !== '').join('; ');
}

const count = (policies: number): string => (policies === 1 ? '1 policy' : `${policies} policies`);

function bounded(changes: readonly PolicyChange[]): readonly PolicyChange[] {
  if (changes.length <= CHANGES_MAX) return changes;
  const left = changes.length - CHANGES_MAX;
  return [...changes.slice(0, CHANGES_MAX), { code: 'policies_changed', message: `and ${left} more` }];
}

type Shown = Readonly<Record<string, unknown>>;

function byId(policies: readonly Shown[]): Map<string, Shown> {
  return new Map(policies.map((policy) => [String(policy.id), policy]));
}

function changedFields(was: Shown, is: Shown): string[] {
  const fields = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();
  return fields.filter((field) => digestOf(plain(was[field])) !== digestOf(plain(is[field])));
}

/** As it is stored. */
function plain(value: unknown): Json {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json);
}
