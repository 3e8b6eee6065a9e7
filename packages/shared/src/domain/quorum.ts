import type { Requirement } from './decision.ts';

/** A vote for, with those of the required audiences that the voter belonged to. */
export interface Consent {
  readonly principal: string;
  readonly audiences: readonly string[];
}

/**
 * Whether the votes fill every requirement. One person fills one place: who sits in two audiences counts for one of them,
 * whichever lets the whole be met (a matching of people to places, by augmenting paths).
 */
export function requirementsMet(requirements: readonly Requirement[], consents: readonly Consent[]): boolean {
  return missingRequirements(requirements, consents).length === 0;
}

/** What is still to be met, with the number of votes that lack; sorted as the requirements are. */
export function missingRequirements(requirements: readonly Requirement[], consents: readonly Consent[]): Requirement[] {
  const places = requirements.flatMap(({ audience, quorum }) => Array.from({ length: quorum }, () => audience));
  const holder = new Array<Consent | undefined>(places.length);

  const seat = (consent: Consent, tried: Set<number>): boolean => {
    for (const [place, audience] of places.entries()) {
      if (tried.has(place) || !consent.audiences.includes(audience)) continue;
      tried.add(place);
      const current = holder[place];
      if (current === undefined || seat(current, tried)) {
        holder[place] = consent;
        return true;
      }
    }
    return false;
  };
  for (const consent of byPerson(consents)) seat(consent, new Set());

  return requirements
    .map((requirement) => ({
      ...requirement,
      quorum: places.filter((place, index) => place === requirement.audience && holder[index] === undefined).length,
    }))
    .filter(({ quorum }) => quorum > 0);
}

/** Who agreed more than once, each time for others, still is one person: for all of these, in one place. */
function byPerson(consents: readonly Consent[]): Consent[] {
  const audiencesOf = new Map<string, readonly string[]>();
  for (const { principal, audiences } of consents) {
    audiencesOf.set(principal, [...(audiencesOf.get(principal) ?? []), ...audiences]);
  }
  return [...audiencesOf].map(([principal, audiences]) => ({ principal, audiences }));
}
