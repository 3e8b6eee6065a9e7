import type { Approval } from '@holdpoint/shared/domain/approval';
import { audiencesOf, isForMe } from '../../approvals/standing.ts';
import type { Person } from '../../session/session.tsx';

export const SECTIONS = ['mine', 'others'] as const;
export type Section = (typeof SECTIONS)[number];

/** The ids of each section, in the order they are shown. */
export type Arrangement = Readonly<Record<Section, readonly string[]>>;

export interface Filter {
  readonly audience: string;
  readonly urgency: string;
  readonly operator: string;
}

const URGENCY_ORDER = { high: 0, medium: 1, low: 2 } as const;

export function passes(approval: Approval, { audience, urgency, operator }: Filter): boolean {
  return (
    (audience === '' || audiencesOf(approval).includes(audience)) &&
    (urgency === '' || approval.urgency === urgency) &&
    (operator === '' || approval.operator === operator)
  );
}

/** What waits for this person first; the urgent before the rest, then what ends soonest. */
export function arrange(approvals: readonly Approval[], person: Person, nowMs: number): Arrangement {
  const sorted = [...approvals].sort(
    (a, b) =>
      URGENCY_ORDER[a.urgency] - URGENCY_ORDER[b.urgency] ||
      Date.parse(a.expires_at) - Date.parse(b.expires_at) ||
      a.id.localeCompare(b.id),
  );
  const mine = new Set(sorted.filter((approval) => isForMe(approval, person, nowMs)).map(({ id }) => id));
  const ids = sorted.map(({ id }) => id);
  return { mine: ids.filter((id) => mine.has(id)), others: ids.filter((id) => !mine.has(id)) };
}

/** What would be shown and is not yet. */
export function unseen(shown: Arrangement, current: Arrangement): number {
  const known = new Set(SECTIONS.flatMap((section) => shown[section]));
  return SECTIONS.flatMap((section) => current[section]).filter((id) => !known.has(id)).length;
}

/** After decisions: what was decided leaves the list, or stands where it waits now. */
export function settled(shown: Arrangement, decided: readonly string[], current: Arrangement): Arrangement {
  const stays = (section: Section) => (id: string) => !decided.includes(id) || current[section].includes(id);
  const [mine, others] = [shown.mine.filter(stays('mine')), shown.others.filter(stays('others'))];
  const moved = decided.filter((id) => current.others.includes(id) && !others.includes(id));
  return { mine, others: [...others, ...moved] };
}
