import { type Evaluation, evaluate, type Question } from '../decide/evaluate.ts';

/** A line's explanation evaluates no more often than this. */
export const EVALUATIONS_MAX = 250;

/** Asks `evaluate` what would be, within bounds: what is not asked is not claimed. */
export interface Asking {
  /** undefined where the bound is reached. */
  ask(question: Question): Evaluation | undefined;
  incomplete(): boolean;
}

/** `enough` is asked before each evaluation, for those who have a clock. */
export function createAsking(enough: () => boolean = () => false): Asking {
  let left = EVALUATIONS_MAX;
  let refused = false;
  return {
    ask(question) {
      refused ||= left === 0 || enough();
      if (refused) return undefined;
      left -= 1;
      return evaluate(question);
    },
    incomplete: () => refused,
  };
}
