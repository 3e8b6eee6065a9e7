import type { Risk } from '@holdpoint/shared/domain/policy';
import type { Grant } from '@holdpoint/shared/domain/tool';
import type { TenantRules } from '../compile/tenant-rules.ts';
import { grantCovers } from '../decide/grants.ts';
import type { LookBudget } from './look-budget.ts';
import type { PolicyFacts } from './policy-facts.ts';
import { candidateIndex, everyTool, strangerTo, type ToolRef } from './tool-classes.ts';

/** Stands for every operator but those that are told apart. */
export const ANYONE = '*';

/** One of two sets of rules that are compared. */
export interface DiffSide {
  readonly rules: TenantRules;
  readonly facts: readonly PolicyFacts[];
}

/** Operators that neither set tells apart, for one tool. */
export interface OperatorGroup {
  /** Stands for them. */
  readonly name: string;
  /** Names, or `ANYONE` alone. */
  readonly names: readonly string[];
  /** Beside `ANYONE`: those who are in other groups. */
  readonly except: readonly string[];
  /** Whether policies may name it. */
  readonly named: boolean;
  /** Whether it may propose the tool, before and after. */
  readonly granted: readonly [boolean, boolean];
}

/** Tools that neither set tells apart. */
export interface DiffClass {
  readonly tools: ToolRef[];
  /** Undefined: the set does not know the tool. */
  readonly risks: readonly [Risk | undefined, Risk | undefined];
  /** That have a say: none where the tool is unknown or only reads. */
  readonly candidates: readonly [readonly PolicyFacts[], readonly PolicyFacts[]];
  readonly groups: readonly OperatorGroup[];
}

/** All tools of both sets in classes, the operators of each in groups. Fewer where the budget ends. */
export function diffClasses(
  sides: readonly [DiffSide, DiffSide],
  budget: LookBudget,
): { readonly classes: readonly DiffClass[]; readonly all: boolean } {
  const [before, after] = sides.map(lookUp) as [LookUp, LookUp];
  const stranger = strangerTo(...sides.map(({ rules, facts }) => ({ facts, grants: rules.grants })));
  const known = new Set(sides.flatMap(({ rules }) => rules.grants?.map(({ operator }) => operator) ?? []));
  const unnamed = [stranger, ...[...known].sort()];
  const classes = new Map<string, DiffClass>();
  for (const ref of toolsOf(sides)) {
    const found = [before.find(ref), after.find(ref)] as const;
    if (!budget.spend(found[0].looks + found[1].looks + unnamed.length))
      return { classes: [...classes.values()], all: false };
    const candidates = [found[0].candidates, found[1].candidates] as const;
    const granted = (name: string): [boolean, boolean] => [before.grants(name, ref), after.grants(name, ref)];
    const groups = groupsOf(candidates, unnamed, stranger, granted);
    const risks = [found[0].risk, found[1].risk] as const;
    const numbers = [before.numbersOf(candidates[0]), after.numbersOf(candidates[1])];
    const key = JSON.stringify([risks, numbers, groups]);
    const same = classes.get(key);
    if (same) same.tools.push(ref);
    else classes.set(key, { tools: [ref], risks, candidates, groups });
  }
  return { classes: [...classes.values()], all: true };
}

type LookUp = ReturnType<typeof lookUp>;

function lookUp({ rules, facts }: DiffSide) {
  const find = candidateIndex(facts);
  const numbers = new Map(facts.map((one, index) => [one, index]));
  const byOperator = rules.grants && Map.groupBy(rules.grants, ({ operator }) => operator);
  return {
    find({ connector, tool }: ToolRef) {
      const own = Object.hasOwn(rules.tools, connector) ? rules.tools[connector] : undefined;
      const risk = own && Object.hasOwn(own, tool) ? own[tool]?.risk : undefined;
      if (risk === undefined || risk === 'read') return { risk, candidates: [], looks: 1 };
      const { candidates, scanned } = find(connector, tool, risk);
      return { risk, candidates, looks: 1 + scanned };
    },
    numbersOf: (candidates: readonly PolicyFacts[]) => candidates.map((one) => numbers.get(one)).join(' '),
    grants(name: string, { connector, tool }: ToolRef): boolean {
      const own: readonly Grant[] | undefined = byOperator && (byOperator.get(name) ?? []);
      return grantCovers(own, name, connector, tool);
    },
  };
}

function toolsOf(sides: readonly [DiffSide, DiffSide]): ToolRef[] {
  const all = sides.flatMap(({ rules }) => everyTool(rules.tools));
  const keyed = new Map(all.map(({ connector, tool }) => [`${connector} ${tool}`, { connector, tool }]));
  return [...keyed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, ref]) => ref);
}

function groupsOf(
  candidates: readonly [readonly PolicyFacts[], readonly PolicyFacts[]],
  unnamed: readonly string[],
  stranger: string,
  grantsOf: (name: string) => [boolean, boolean],
): OperatorGroup[] {
  const named = new Set(candidates.flat().flatMap(({ compiled }) => compiled.policy.operator ?? []));
  const own = [...named].sort().map((name) => ({
    name,
    names: [name],
    except: [],
    named: true,
    granted: grantsOf(name),
  }));
  const others = Map.groupBy(
    unnamed.filter((name) => !named.has(name)),
    (name) => grantsOf(name).join(),
  );
  const grouped = [...others.values()].map((names): OperatorGroup => {
    const [name = stranger] = names;
    const granted = grantsOf(name);
    if (!names.includes(stranger)) return { name, names, except: [], named: false, granted };
    const except = [...named, ...unnamed.filter((one) => !names.includes(one))].sort();
    return { name: stranger, names: [ANYONE], except: [...new Set(except)], named: false, granted };
  });
  return [...own, ...grouped].filter(({ granted }) => granted.some((one) => one));
}
