import type { Requirement } from '@holdpoint/shared/domain/decision';

export interface Opening {
  readonly requirements: readonly Requirement[];
  /** What was done, for the receipt. */
  readonly note: string;
}

/** The requirements once people have been asked for so long: those whose time has come may be met by another audience too. */
export function opened(requirements: readonly Requirement[], askedSeconds: number): Opening {
  const notes: string[] = [];
  const now = requirements.map((requirement): Requirement => {
    const { escalate, also = [], ...rest } = requirement;
    if (escalate === undefined || escalate.after_seconds > askedSeconds) return requirement;
    notes.push(
      `${escalate.audience} may vote for ${rest.audience}, which was asked ${escalate.after_seconds} s before`,
    );
    return { ...rest, also: [...also, escalate.audience] };
  });
  return { requirements: now, note: notes.join('; ') };
}
