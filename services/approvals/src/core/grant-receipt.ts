import type { NewReceipt } from '@holdpoint/shared/db/receipts';
import type { StandingGrant } from '@holdpoint/shared/domain/standing-grant';

/** What a person did with a grant. It moves no action. */
export function grantReceipt(
  grant: StandingGrant,
  deed: {
    readonly id: string;
    readonly actor: string;
    readonly outcome: 'granted' | 'revoked';
    /** What stands behind the terms. */
    readonly about: string;
    readonly said: string | null;
  },
): NewReceipt {
  const { tenant, operator, connector, tool, args, max_value, until, uses, uses_left } = grant;
  const value = max_value === null ? '' : `, up to ${max_value}`;
  const where = args.length === 0 ? '' : `, where ${args.map((one) => JSON.stringify(one)).join(' and ')}`;
  const terms = `${uses_left} of ${uses} uses until ${until}${value}${where}`;
  const messages = [
    `${deed.outcome === 'granted' ? 'grant' : 'revoke'}: standing grant ${grant.id}, ${terms}${deed.about}`,
    ...(deed.said === null ? [] : [deed.said]),
  ];
  return {
    id: deed.id,
    tenant,
    kind: 'approval',
    actor: deed.actor,
    operator,
    connector,
    tool,
    outcome: deed.outcome,
    reasons: messages.map((message) => ({ code: 'standing_grant', message })),
  };
}
