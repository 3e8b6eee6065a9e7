import { explainVerdict } from '@holdpoint/policy/explain/explain';
import type { ScoredLine } from '@holdpoint/policy/score/scored-line';
import { blocked } from './block.ts';

/**
 * The line as it is decided for whom it is said to be for. Nobody vouches for that yet: where who is asked refuses such, it is
 * blocked, for a question that nobody may grant is no question. What a plan says of its agent is known here, and to no policy.
 */
export function vouched(line: ScoredLine, onBehalfOf: string | null | undefined): ScoredLine {
  if (!line.verdict.escalation?.refuse_unverified || !onBehalfOf) return line;
  const message = 'who is asked decides nothing on behalf of somebody unless that is vouched for';
  const refused = blocked(line, 'unverified_on_behalf_of', message);
  return line.explanation ? { ...refused, explanation: explainVerdict(refused.verdict) } : refused;
}
