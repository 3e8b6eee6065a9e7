import type { TrustPolicy } from '@holdpoint/shared/domain/policy';
import type { CompiledPolicy, PolicySet } from '../compile/policy-set.ts';

/** A condition whose answer cannot be known without an action: the same one answers the same wherever it is asked. */
export type Atom = number;

export type ConditionField = 'when' | 'predicate';

export interface Conditions {
  atomOf(compiled: CompiledPolicy, field: ConditionField): Atom | undefined;
  /** Whose condition it is: of several, the first by id. */
  nameOf(atom: Atom): { readonly policy: string; readonly field: ConditionField };
}

/**
 * Tells conditions apart, over one set of policies or over two that are compared. CEL is the same where its text is. A function
 * is the same as itself; of two sets, also where one text is found once in both, or in both under one policy's id. What a
 * function reads from outside of its own text is not looked at.
 */
export function nameConditions(sets: readonly PolicySet[]): Conditions {
  const atoms = new Map<NonNullable<TrustPolicy['when']>, Atom>();
  const names: { readonly policy: string; readonly field: ConditionField }[] = [];
  let earlier: Placed[] = [];
  for (const set of sets) {
    const own = set.policies.flatMap(placesOf);
    const twins = findTwins(own, earlier);
    for (const { policy, field, condition } of own) {
      if (atoms.has(condition)) continue;
      const twin = twins(condition);
      const known = twin === undefined ? undefined : atoms.get(twin);
      atoms.set(condition, known ?? names.length);
      if (known === undefined) names.push({ policy, field });
    }
    earlier = own;
  }
  return {
    atomOf: ({ policy }, field) => {
      const condition = policy[field];
      return condition === undefined ? undefined : atoms.get(condition);
    },
    nameOf: (atom) => names[atom] ?? { policy: '', field: 'when' },
  };
}

type Condition = NonNullable<TrustPolicy['when']>;

interface Placed {
  readonly policy: string;
  readonly field: ConditionField;
  readonly condition: Condition;
}

function placesOf({ id, policy }: CompiledPolicy): Placed[] {
  return (['when', 'predicate'] as const).flatMap((field) => {
    const condition = policy[field];
    return condition === undefined ? [] : [{ policy: id, field, condition }];
  });
}

/** For a function of one set, the one of the other that is the same: under the same id and text, else under the same text. */
function findTwins(own: readonly Placed[], others: readonly Placed[]): (condition: Condition) => Condition | undefined {
  const found = new Map<Condition, Condition>();
  if (others.length === 0) return () => undefined;
  const byText = ({ condition }: Placed) => conditionText(condition);
  for (const keyOf of [(one: Placed) => JSON.stringify([one.policy, one.field, byText(one)]), byText]) {
    const theirs = onlyOnes(others, keyOf);
    for (const [key, condition] of onlyOnes(own, keyOf)) {
      const twin = theirs.get(key);
      if (twin !== undefined && !found.has(condition)) found.set(condition, twin);
    }
  }
  return (condition) => found.get(condition);
}

/** Functions by their key, where it is one function's alone. */
function onlyOnes(placed: readonly Placed[], keyOf: (one: Placed) => string): Map<string, Condition> {
  const found = new Map<string, Set<Condition>>();
  for (const one of placed.filter(({ condition }) => typeof condition === 'function')) {
    const key = keyOf(one);
    found.set(key, (found.get(key) ?? new Set()).add(one.condition));
  }
  return new Map([...found].flatMap(([key, [first, ...more]]) => (first && more.length === 0 ? [[key, first]] : [])));
}

/** As its author wrote it; sugar's functions say what they close over. */
export function conditionText(condition: Condition): string {
  if (typeof condition === 'string') return condition;
  const own = Object.hasOwn(condition, 'toString') ? (condition.toString as () => unknown) : undefined;
  try {
    const said = own?.call(condition);
    if (typeof said === 'string') return said;
  } catch {
    // Its author's own toString; the text as it stands will do.
  }
  return Function.prototype.toString.call(condition);
}
