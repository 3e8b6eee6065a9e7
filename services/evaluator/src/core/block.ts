import type { ScoredLine } from '@holdpoint/policy/scored-line';
import type { ReasonCode, Verdict } from '@holdpoint/shared/domain/decision';

/** The same line, blocked for a reason that only the record could give. */
export function blocked(line: ScoredLine, code: ReasonCode, message: string): ScoredLine {
  const { escalation: _nobody, reservations: _nothing, ...verdict } = line.verdict;
  const decision = { ...verdict, decision: 'BLOCK', reasons: [{ code, message }] } satisfies Verdict;
  return { ...line, verdict: decision };
}
