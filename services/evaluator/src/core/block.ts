import type { ScoredLine } from '@holdpoint/policy/score/scored-line';
import type { Reason, ReasonCode } from '@holdpoint/shared/domain/decision';

/** The same line, blocked for a reason that only the record could give. It asks nobody and reserves nothing. */
export function blocked(line: ScoredLine, code: ReasonCode, message: string): ScoredLine {
  return blockedFor(line, [{ code, message }]);
}

export function blockedFor(line: ScoredLine, reasons: readonly Reason[]): ScoredLine {
  const { escalation: _nobody, reservations: _nothing, ...verdict } = line.verdict;
  return { ...line, verdict: { ...verdict, decision: 'BLOCK', reasons } };
}
