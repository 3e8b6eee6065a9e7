import type { TrustPolicy } from '@holdpoint/shared/domain/policy';
import type { EscalationTerms } from './escalation.ts';
import { globMatches } from './glob.ts';
import type { LimitTerms } from './limit-terms.ts';
import type { Check } from './user-code.ts';

/** A policy ready to decide. `policy` is what its author wrote, for those who show it. */
export interface CompiledPolicy {
  readonly id: string;
  readonly policy: TrustPolicy;
  /** Globs; empty = any tool. */
  readonly tools: readonly string[];
  readonly expiresAtMs: number | undefined;
  readonly when: Check | undefined;
  readonly predicate: Check | undefined;
  readonly escalation: EscalationTerms;
  readonly limit: LimitTerms | undefined;
}

/** The policies that may speak for one tool. Only these are looked at, however many others there are. */
export interface Candidates {
  readonly anyOperator: readonly CompiledPolicy[];
  readonly byOperator: ReadonlyMap<string, readonly CompiledPolicy[]>;
}

export interface PolicySet {
  readonly version: string;
  /** Sorted by id. */
  readonly policies: readonly CompiledPolicy[];
  readonly candidatesFor: (connector: string, tool: string) => Candidates;
}

/** Tools remembered at a time. A tenant has hundreds; the bound is against catalogs made up in what-if requests. */
const REMEMBERED_TOOLS_MAX = 4096;

export function createPolicySet(version: string, policies: readonly CompiledPolicy[]): PolicySet {
  const buckets = new Map<string, CompiledPolicy[]>();
  for (const compiled of policies) {
    const key = bucketKey(compiled.policy.connector, compiled.policy.tool);
    const bucket = buckets.get(key);
    if (bucket) bucket.push(compiled);
    else buckets.set(key, [compiled]);
  }
  const remembered = new Map<string, Candidates>();
  const candidatesFor = (connector: string, tool: string): Candidates => {
    const key = bucketKey(connector, tool);
    const known = remembered.get(key);
    if (known) return known;
    if (remembered.size >= REMEMBERED_TOOLS_MAX) remembered.clear();
    const found = collect(buckets, connector, tool);
    remembered.set(key, found);
    return found;
  };
  return { version, policies, candidatesFor };
}

/** A connector holds no space and no name is empty, so no two pairs share a key. */
function bucketKey(connector: string | undefined, tool: string | undefined): string {
  return `${connector ?? ''} ${tool ?? ''}`;
}

function collect(buckets: ReadonlyMap<string, readonly CompiledPolicy[]>, connector: string, tool: string): Candidates {
  const anyOperator: CompiledPolicy[] = [];
  const byOperator = new Map<string, CompiledPolicy[]>();
  const keys = [
    bucketKey(connector, tool),
    bucketKey(connector, undefined),
    bucketKey(undefined, tool),
    bucketKey(undefined, undefined),
  ];
  for (const compiled of keys.flatMap((key) => buckets.get(key) ?? [])) {
    if (compiled.tools.length > 0 && !compiled.tools.some((glob) => globMatches(glob, tool))) continue;
    const { operator } = compiled.policy;
    if (operator === undefined) {
      anyOperator.push(compiled);
    } else {
      const own = byOperator.get(operator);
      if (own) own.push(compiled);
      else byOperator.set(operator, [compiled]);
    }
  }
  return { anyOperator, byOperator };
}
