import type { RecordedVerdict } from '@holdpoint/shared/domain/decision-record';

/** What a decision makes of a line. `review`: it runs at once, and people look at it beside that. */
export const COURSES = ['ALLOW', 'review', 'hold', 'BLOCK'] as const;
export type Course = (typeof COURSES)[number];

export function courseOf({ decision, escalation }: Pick<RecordedVerdict, 'decision' | 'escalation'>): Course {
  if (decision !== 'ALERT') return decision;
  return escalation?.mode === 'alongside' ? 'review' : 'hold';
}

/** Whether nobody is waited for. */
export function runs(course: Course): boolean {
  return course === 'ALLOW' || course === 'review';
}
