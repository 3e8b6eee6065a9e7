import type { Consent } from '@holdpoint/shared/domain/quorum';

/** Who proposed, and for whom as far as they say: their own consent counts only where self-approval does. */
export interface Proposer {
  readonly requester: string;
  readonly onBehalfOf: string | null;
}

/** The rule by which people are let to vote, for consents from before they were asked, or from when policies let them vote on their own. */
export function isOwn({ principal }: Consent, { requester, onBehalfOf }: Proposer): boolean {
  if (principal === requester || principal === onBehalfOf) return true;
  return onBehalfOf !== null && principal.slice(principal.indexOf('|') + 1) === onBehalfOf;
}
