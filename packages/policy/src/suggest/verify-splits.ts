import type { DecisionRecord } from '@holdpoint/shared/domain/decision-record';
import { courseOf, runs } from '../replay/course.ts';
import type { Replayed } from '../replay/replay-record.ts';
import { isSaidNoTo } from './evidence.ts';
import { type Suggestion, type Suggestions, type Withheld, withhold } from './suggest-splits.ts';

/** A suggestion that replay over the records bore out. */
export interface VerifiedSuggestion extends Suggestion {
  /** Lines that wait for people under the rules of now, and run with the split. */
  readonly saves: number;
  /** What those are worth. */
  readonly exposed_value: number;
  /** Lines of its tool that say nothing: they cannot be replayed. */
  readonly not_replayed: number;
}

export interface Verification {
  /** A record with what the rules of now make of it, and what each split does, in the order of the suggestions. */
  add(record: DecisionRecord, before: Replayed, afters: readonly Replayed[]): void;
  verified(): { readonly suggestions: readonly VerifiedSuggestion[]; readonly withheld: readonly Withheld[] };
}

/**
 * Holds each suggestion against replays of the same records, beside the rules of now. One that lets a line run that people denied is
 * withheld, and so is one that saves nothing.
 */
export function verifySplits({ suggestions, withheld }: Suggestions): Verification {
  const trials = suggestions.map((suggestion) => ({
    suggestion,
    found: { saves: 0, exposed_value: 0, not_replayed: 0 },
    deniedThrough: 0,
  }));
  return {
    add(record, before, afters) {
      for (const [index, trial] of trials.entries()) {
        const after = afters[index];
        const { connector, tool } = trial.suggestion;
        if (record.connector !== connector || record.tool !== tool) continue;
        if (!before.ok || !after?.ok) {
          trial.found.not_replayed += 1;
          continue;
        }
        if (courseOf(before.verdict) !== 'hold' || !runs(courseOf(after.verdict))) continue;
        if (isSaidNoTo(record)) trial.deniedThrough += 1;
        if (!record.approvals.some(({ mode }) => mode === 'hold')) continue;
        trial.found.saves += 1;
        trial.found.exposed_value += record.value ?? 0;
      }
    },
    verified() {
      const sound = trials.filter(({ deniedThrough, found }) => deniedThrough === 0 && found.saves > 0);
      const refuted = trials.filter((trial) => !sound.includes(trial));
      return {
        suggestions: sound.map(({ suggestion, found }) => ({ ...suggestion, ...found })),
        withheld: [
          ...withheld,
          ...refuted.map(({ suggestion }) => withhold(suggestion.policy, 'not_verified', suggestion.evidence)),
        ],
      };
    },
  };
}
