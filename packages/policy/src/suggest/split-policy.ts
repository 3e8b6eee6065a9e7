import type { TrustPolicy } from '@holdpoint/shared/domain/policy';
import { compilePolicies } from '../compile/compile.ts';
import { type CompiledPolicy, createPolicySet } from '../compile/policy-set.ts';
import type { TenantRules } from '../compile/tenant-rules.ts';

/** What stands in place of an ALERT policy that is split by value. */
export interface SplitPolicies {
  /** What stood there. */
  readonly policy: string;
  readonly policies: readonly TrustPolicy[];
  /** Ready to be pasted; functions as their text. */
  readonly text: string;
}

const ID_MAX_CHARS = 128;

/** Up to the value it is permitted, above it people are asked as before. `upTo` lies within what the policy selects. */
export function splitPolicy({ id, policy }: CompiledPolicy, upTo: number): SplitPolicies {
  const { id: own, decision: _, escalation, appliesUpTo, appliesAbove, ...base } = policy;
  const high: TrustPolicy = {
    id: isSugar(id) || own === undefined ? idOf(`${policy.tool ?? id}-above-${upTo}`) : id,
    ...base,
    appliesAbove: upTo,
    ...(appliesUpTo !== undefined && { appliesUpTo }),
    ...(escalation && { escalation }),
    decision: 'ALERT',
  };
  // Nothing is left above: the policy itself ends there.
  const above = appliesUpTo !== undefined && appliesUpTo <= upTo ? [] : [high];
  if (isSugar(id)) {
    const { connector, tool } = policy;
    const note = `// tenants/<tenant>/connectors.ts: ${connector}: { permissions: { overrides: { '${tool}': 'allow' } } }, and`;
    const open: TrustPolicy = { id, ...base, decision: 'ALLOW' };
    return { policy: id, policies: [open, ...above], text: [note, ...above.map(policyText)].join('\n') };
  }
  const low: TrustPolicy = {
    id: idOf(`${own ?? policy.tool ?? id}-up-to-${upTo}`),
    ...base,
    ...(appliesAbove !== undefined && { appliesAbove }),
    appliesUpTo: upTo,
    decision: 'ALLOW',
  };
  const policies = [low, ...above];
  return { policy: id, policies, text: [`// in place of ${id}`, ...policies.map(policyText)].join('\n') };
}

/** The rules with a policy split, for replay. @throws PolicyCompileError */
export function withSplit(rules: TenantRules, { policy, policies }: SplitPolicies): TenantRules {
  const { defaults, audiences } = rules;
  const version = `${rules.policies.version}+split`;
  const split = compilePolicies(policies, { version, defaults, ...(audiences && { audiences }) });
  const kept = rules.policies.policies.filter(({ id }) => id !== policy);
  const all = [...kept, ...split.policies].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return { ...rules, policies: createPolicySet(version, all) };
}

/** Made of `permissions` in a tenant's connectors. */
export const isSugar = (id: string): boolean => id.startsWith('permissions.');

function policyText(policy: TrustPolicy): string {
  const fields = Object.entries(policy).map(([name, value]) => `${name}: ${valueText(value)}`);
  return `{ ${fields.join(', ')} },`;
}

function valueText(value: unknown): string {
  if (typeof value === 'function') return Function.prototype.toString.call(value);
  if (typeof value === 'string')
    return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{ ${fields.map(([name, inner]) => `${name}: ${valueText(inner)}`).join(', ')} }`;
}

const idOf = (text: string): string => text.slice(0, ID_MAX_CHARS);
