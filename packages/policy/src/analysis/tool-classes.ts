import type { Risk } from '@holdpoint/shared/domain/policy';
import type { Grant, ToolCatalog } from '@holdpoint/shared/domain/tool';
import { globMatches } from '../compile/glob.ts';
import { grantCovers } from '../decide/grants.ts';
import type { LookBudget } from './look-budget.ts';
import type { PolicyFacts } from './policy-facts.ts';

export interface ToolRef {
  readonly connector: string;
  readonly tool: string;
}

/** Operators of whom one stands for all that no policy of the tool names. */
export interface OperatorClass {
  readonly name: string;
  readonly named: boolean;
}

/** Tools that no policy and no grant tells apart: what is found of the first holds of all. */
export interface ToolClass {
  readonly tools: readonly ToolRef[];
  readonly risk: Risk;
  readonly candidates: readonly PolicyFacts[];
  /** Those that may propose these tools. */
  readonly operators: readonly OperatorClass[];
}

export interface ToolRules {
  readonly facts: readonly PolicyFacts[];
  readonly grants: readonly Grant[] | undefined;
  readonly tools: ToolCatalog;
}

/** Sorts tools into classes. Fewer than all of them where the budget ends. */
export function toolClasses(
  rules: ToolRules,
  budget: LookBudget,
): { readonly classes: ToolClass[]; readonly all: boolean } {
  const find = candidateIndex(rules.facts);
  const numbers = new Map(rules.facts.map((facts, index) => [facts, index]));
  const stranger = strangerTo(rules);
  const patterns = (rules.grants ?? []).reduce((sum, { tools }) => sum + tools.length, 0);
  const grants = rules.grants && Map.groupBy(rules.grants, ({ operator }) => operator);
  const classes = new Map<string, ToolClass & { readonly tools: ToolRef[] }>();
  for (const { connector, tool, risk } of everyTool(rules.tools)) {
    const { candidates, scanned } = find(connector, tool, risk);
    if (!budget.spend(1 + patterns + scanned)) return { classes: [...classes.values()], all: false };
    const operators = operatorsOf(candidates, grants, { connector, tool }, stranger);
    const names = operators.map(({ name, named }) => `${named ? '=' : '~'}${name}`);
    const key = `${risk} ${names.join(' ')} ${candidates.map((facts) => numbers.get(facts)).join(' ')}`;
    const known = classes.get(key);
    if (known) known.tools.push({ connector, tool });
    else classes.set(key, { tools: [{ connector, tool }], risk, candidates, operators });
  }
  return { classes: [...classes.values()], all: true };
}

export function everyTool(tools: ToolCatalog): (ToolRef & { readonly risk: Risk })[] {
  return Object.entries(tools).flatMap(([connector, own]) =>
    Object.entries(own).map(([tool, { risk }]) => ({ connector, tool, risk })),
  );
}

export interface Found {
  readonly candidates: PolicyFacts[];
  /** How many were looked at to find them. */
  readonly scanned: number;
}

/** Finds the policies whose selectors on tools match one, whatever operator, value and time. */
export function candidateIndex(all: readonly PolicyFacts[]): (connector: string, tool: string, risk: Risk) => Found {
  const buckets = new Map<string, PolicyFacts[]>();
  for (const facts of all) {
    const key = bucketKey(facts.compiled.policy.connector, facts.compiled.policy.tool);
    const bucket = buckets.get(key);
    if (bucket) bucket.push(facts);
    else buckets.set(key, [facts]);
  }
  return (connector, tool, risk) => {
    const keys = [bucketKey(connector, tool), bucketKey(connector, undefined), bucketKey(undefined, tool), bucketKey()];
    const near = keys.flatMap((key) => buckets.get(key) ?? []);
    const candidates = near
      .filter(({ compiled }) => compiled.policy.risk === undefined || compiled.policy.risk === risk)
      .filter(({ compiled }) => compiled.tools.length === 0 || compiled.tools.some((glob) => globMatches(glob, tool)));
    return {
      candidates,
      scanned: near.reduce((sum, { compiled }) => sum + 1 + LOOKS_A_GLOB * compiled.tools.length, 0),
    };
  };
}

const LOOKS_A_GLOB = 4;

/** Policies by the operator that they are for: what may speak for one of them. */
export function byOperator(candidates: readonly PolicyFacts[]): (operator: OperatorClass) => PolicyFacts[] {
  const own = new Map<string | undefined, PolicyFacts[]>();
  for (const facts of candidates) {
    const { operator } = facts.compiled.policy;
    const list = own.get(operator);
    if (list) list.push(facts);
    else own.set(operator, [facts]);
  }
  const anyone = own.get(undefined) ?? [];
  return ({ name, named }) => (named ? [...anyone, ...(own.get(name) ?? [])] : anyone);
}

/** A name that no policy and no grant has. */
export function strangerTo(...rules: readonly Pick<ToolRules, 'facts' | 'grants'>[]): string {
  const known = new Set(
    rules.flatMap(({ facts, grants = [] }) => [
      ...facts.map(({ compiled }) => compiled.policy.operator),
      ...grants.map(({ operator }) => operator),
    ]),
  );
  for (let number = 0; ; number++) {
    const name = number === 0 ? 'any-operator' : `any-operator-${number}`;
    if (!known.has(name)) return name;
  }
}

function operatorsOf(
  candidates: readonly PolicyFacts[],
  grants: ReadonlyMap<string, readonly Grant[]> | undefined,
  { connector, tool }: ToolRef,
  stranger: string,
): OperatorClass[] {
  const holds = (name: string) => grants === undefined || grantCovers(grants.get(name) ?? [], name, connector, tool);
  const named = new Set(candidates.flatMap(({ compiled }) => compiled.policy.operator ?? []));
  const own = [...named].filter(holds).sort();
  const other = [...(grants?.keys() ?? [stranger])].find((name) => !named.has(name) && holds(name));
  return [
    ...own.map((name) => ({ name, named: true })),
    ...(other === undefined ? [] : [{ name: other, named: false }]),
  ];
}

/** A connector holds no space and no name is empty, so no two pairs share a key. */
function bucketKey(connector?: string, tool?: string): string {
  return `${connector ?? ''} ${tool ?? ''}`;
}
