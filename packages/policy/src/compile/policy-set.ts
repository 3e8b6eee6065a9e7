import type { Risk, TrustPolicy } from '@holdpoint/shared/domain/policy';
import type { Check } from '../decide/user-code.ts';
import type { EscalationTerms } from './escalation.ts';
import { globMatches } from './glob.ts';
import type { LimitTerms } from './limit-terms.ts';
import { collectHolding, createRangeIndex, type Ranged, type RangeIndex } from './range-index.ts';

/** A policy ready to decide. `policy` is what its author wrote, for those who show it. */
export interface CompiledPolicy extends Ranged {
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

/** What a policy's selectors look at, but for `when`. No value counts as 0. */
export interface Selectable {
  readonly connector: string;
  readonly tool: string;
  readonly risk: Risk;
  readonly value: number;
  readonly operator: string;
  readonly nowMs: number;
}

export interface PolicySet {
  readonly version: string;
  /** Sorted by id. */
  readonly policies: readonly CompiledPolicy[];
  /** The policies whose selectors match, `when` aside. It costs what matches, not what there is. */
  readonly select: (asked: Selectable) => CompiledPolicy[];
}

/** References to groups that are remembered for tools, all together. A bound against catalogs made up in what-if requests. */
const REMEMBERED_MAX = 100_000;

export function createPolicySet(version: string, policies: readonly CompiledPolicy[]): PolicySet {
  const groups = groupByTool(policies);
  const remembered = new Map<string, Map<string, readonly ToolGroup[]>>();
  let rememberedCount = 0;

  const groupsFor = (connector: string, tool: string): readonly ToolGroup[] => {
    const known = remembered.get(connector)?.get(tool);
    if (known) return known;
    const found = collectGroups(groups, connector, tool);
    rememberedCount += found.length + 1;
    if (rememberedCount > REMEMBERED_MAX) {
      remembered.clear();
      rememberedCount = found.length + 1;
    }
    const own = remembered.get(connector);
    if (own) own.set(tool, found);
    else remembered.set(connector, new Map([[tool, found]]));
    return found;
  };

  return {
    version,
    policies,
    select(asked) {
      const selected: CompiledPolicy[] = [];
      for (const group of groupsFor(asked.connector, asked.tool)) selectIn(group, asked, selected);
      return selected;
    },
  };
}

/** Policies that speak for the same tools, by operator. */
interface ToolGroup {
  readonly globs: readonly string[];
  readonly anyOperator: ByRisk | undefined;
  readonly byOperator: ReadonlyMap<string, ByRisk>;
}

type ByRisk = { readonly [R in Risk | 'any']: RangeIndex<CompiledPolicy> | undefined };

function selectIn({ anyOperator, byOperator }: ToolGroup, asked: Selectable, into: CompiledPolicy[]): void {
  if (anyOperator) selectBy(anyOperator, asked, into);
  const own = byOperator.get(asked.operator);
  if (own) selectBy(own, asked, into);
}

function selectBy(byRisk: ByRisk, { risk, value, nowMs }: Selectable, into: CompiledPolicy[]): void {
  if (byRisk.any) collectHolding(byRisk.any, value, nowMs, into);
  const own = byRisk[risk];
  if (own) collectHolding(own, value, nowMs, into);
}

/** By connector and tool (`''` = any), then by globs. */
type Groups = ReadonlyMap<string, readonly ToolGroup[]>;

function groupByTool(policies: readonly CompiledPolicy[]): Groups {
  const byTool = Map.groupBy(policies, ({ policy }) => groupKey(policy.connector, policy.tool));
  return mapValues(byTool, (sameTool) =>
    [...Map.groupBy(sameTool, ({ tools }) => JSON.stringify(tools.toSorted())).values()].map(groupByOperator),
  );
}

function groupByOperator(sameTools: readonly CompiledPolicy[]): ToolGroup {
  const byOperator = Map.groupBy(sameTools, ({ policy }) => policy.operator);
  const anyOperator = byOperator.get(undefined);
  const named = [...byOperator].flatMap(([name, own]) =>
    name === undefined ? [] : [[name, groupByRisk(own)] as const],
  );
  return {
    globs: sameTools[0]?.tools ?? [],
    anyOperator: anyOperator && groupByRisk(anyOperator),
    byOperator: new Map(named),
  };
}

function groupByRisk(sameOperator: readonly CompiledPolicy[]): ByRisk {
  const of = (risk: Risk | undefined) => {
    const same = sameOperator.filter(({ policy }) => policy.risk === risk);
    return same.length > 0 ? createRangeIndex(same) : undefined;
  };
  return { any: of(undefined), read: of('read'), write: of('write'), destructive: of('destructive') };
}

function mapValues<A, B>(map: ReadonlyMap<string, A>, to: (value: A) => B): Map<string, B> {
  return new Map([...map].map(([key, value]) => [key, to(value)]));
}

/** A connector holds no space and no name is empty, so no two pairs share a key. */
function groupKey(connector: string | undefined, tool: string | undefined): string {
  return `${connector ?? ''} ${tool ?? ''}`;
}

function collectGroups(groups: Groups, connector: string, tool: string): ToolGroup[] {
  return [
    groupKey(connector, tool),
    groupKey(connector, undefined),
    groupKey(undefined, tool),
    groupKey(undefined, undefined),
  ]
    .flatMap((key) => groups.get(key) ?? [])
    .filter(({ globs }) => globs.length === 0 || globs.some((glob) => globMatches(glob, tool)));
}
