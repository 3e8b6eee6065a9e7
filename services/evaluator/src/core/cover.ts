import type { ScoredLine } from '@holdpoint/policy/score/scored-line';
import type { Reason, Requirement } from '@holdpoint/shared/domain/decision';
import type { Consent } from '@holdpoint/shared/domain/quorum';
import { type AdvanceConsent, chooseConsents } from '@holdpoint/shared/domain/standing-consent';
import { type GrantClass, grantCovers } from '@holdpoint/shared/domain/standing-grant';
import { isOwn, type Proposer } from './own-consent.ts';

/** A standing grant that may be spent: locked, and looked at under its lock. */
export interface OpenGrant extends GrantClass, AdvanceConsent {
  readonly tenant: string;
  readonly name: string;
  readonly reason: string;
  readonly uses: number;
  readonly usesLeft: number;
}

/** One use of a grant; `usesLeft` after it. */
export type SpentGrant = OpenGrant;

/** A line that is to be held, unless grants meet all that it asks for. */
export interface Holding extends Proposer {
  readonly tenant: string;
  readonly operator: string;
  readonly line: ScoredLine;
  readonly ask: readonly Requirement[];
  /** Who agreed to it before: they fill no second place. */
  readonly agreed: readonly Consent[];
}

export interface GrantLedger {
  /** Spends one use of each grant that it takes to meet what the line asks for; undefined where that cannot be met. */
  cover(holding: Holding): readonly SpentGrant[] | undefined;
}

/** Whether a grant is for this line at all, whoever must agree to it. Looks at the arguments that people are shown. */
export function isFor(grant: GrantClass & { readonly tenant: string }, { tenant, operator, line }: Holding): boolean {
  const { connector, tool, shownArgs: args, value } = line;
  return grant.tenant === tenant && grantCovers(grant, { operator, connector, tool, args, value });
}

/** Uses go down as lines are covered, in the order in which they are. */
export function createGrantLedger(grants: readonly OpenGrant[]): GrantLedger {
  const left = new Map(grants.map(({ id, usesLeft }) => [id, usesLeft]));
  const usesLeft = (id: string): number => left.get(id) ?? 0;
  return {
    cover(holding) {
      const { line, ask, agreed } = holding;
      const selfApproval = line.verdict.escalation?.self_approval ?? false;
      const covering = grants.filter(
        (grant) =>
          usesLeft(grant.id) > 0 &&
          isFor(grant, holding) &&
          !agreed.some(({ principal }) => principal === grant.principal) &&
          (selfApproval || !isOwn(grant, holding)),
      );
      return chooseConsents(ask, covering)?.map((grant) => {
        left.set(grant.id, usesLeft(grant.id) - 1);
        return { ...grant, usesLeft: usesLeft(grant.id) };
      });
    },
  };
}

/** The same line, saying by whose grants it need not wait. */
export function covered(line: ScoredLine, cover: readonly SpentGrant[]): ScoredLine {
  return { ...line, verdict: { ...line.verdict, reasons: [...line.verdict.reasons, ...cover.map(reasonOf)] } };
}

function reasonOf({ id, name, uses, usesLeft }: SpentGrant): Reason {
  const message = `granted in advance by ${name} (standing grant ${id}, ${usesLeft} of ${uses} uses left)`;
  return { code: 'standing_grant', message };
}
