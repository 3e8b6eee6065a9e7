import type { GrantCondition, StandingGrant } from '@holdpoint/shared/domain/standing-grant';

/** `amount at most 50`. */
export function conditionText({ path, equals, in: among, min, max }: GrantCondition): string {
  if (among) return `${path} one of ${among.map((one) => JSON.stringify(one)).join(', ')}`;
  if (min !== undefined && max !== undefined) return `${path} from ${min} to ${max}`;
  if (max !== undefined) return `${path} at most ${max}`;
  if (min !== undefined) return `${path} at least ${min}`;
  return `${path} is ${JSON.stringify(equals)}`;
}

/** Why it grants nothing any more; undefined: it still does. */
export function overBecause(grant: StandingGrant, nowMs: number): string | undefined {
  if (grant.revoked_at !== null) return 'revoked';
  if (grant.uses_left === 0) return 'used up';
  return Date.parse(grant.until) <= nowMs ? 'ended' : undefined;
}
