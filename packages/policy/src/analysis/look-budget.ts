/** Counts looks at policies, so that no set of rules can hold up what else is to be done. */
export interface LookBudget {
  /** False once more was wanted than there is. */
  spend(looks: number): boolean;
  spent(): number;
}

export function createLookBudget(maxLooks: number): LookBudget {
  let spent = 0;
  return {
    spend(looks) {
      spent += looks;
      return spent <= maxLooks;
    },
    spent: () => spent,
  };
}
