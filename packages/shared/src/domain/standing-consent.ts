import type { Requirement } from './decision.ts';
import { type Consent, missingRequirements } from './quorum.ts';

/** A grant that covers a line, as the consent that it is. */
export interface AdvanceConsent extends Consent {
  readonly id: string;
  /** ISO 8601, in UTC. */
  readonly until: string;
}

/**
 * The grants that meet what is asked: one of each person, as few as there are places, those that end first before others.
 * Undefined where they do not meet all of it: part of a consent is spent on nothing.
 */
export function chooseConsents<T extends AdvanceConsent>(
  requirements: readonly Requirement[],
  covering: readonly T[],
): T[] | undefined {
  const inOrder = [...covering].sort((a, b) => compare(a.until, b.until) || compare(a.id, b.id));
  const byPerson = new Map<string, T[]>();
  for (const grant of inOrder) byPerson.set(grant.principal, [...(byPerson.get(grant.principal) ?? []), grant]);

  // Whoever fills a place that nobody before them does. All that a person granted counts here; which of it is spent is next.
  const chosen: Consent[] = [];
  let lacking = places(requirements);
  for (const [principal, grants] of byPerson) {
    if (lacking === 0) break;
    const consent = { principal, audiences: [...new Set(grants.flatMap(({ audiences }) => audiences))] };
    const left = places(missingRequirements(requirements, [...chosen, consent]));
    if (left < lacking) chosen.push(consent);
    lacking = left;
  }
  if (lacking > 0) return undefined;
  return chosen.map(({ principal }, index) => {
    const spent = (byPerson.get(principal) ?? []).find((grant) => {
      const others = chosen.map((one, at) => (at === index ? grant : one));
      return missingRequirements(requirements, others).length === 0;
    });
    if (!spent) throw new Error('a person fills a place that no grant of theirs fills');
    chosen[index] = spent;
    return spent;
  });
}

const places = (requirements: readonly Requirement[]): number =>
  requirements.reduce((sum, { quorum }) => sum + quorum, 0);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
