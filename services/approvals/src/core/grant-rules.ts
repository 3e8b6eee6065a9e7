import { type FieldIssue, HoldpointError } from '@holdpoint/shared/domain/errors';
import { isPlainText } from '@holdpoint/shared/domain/plain-text';
import {
  type GrantClass,
  type GrantedLine,
  type GrantRequest,
  isSecretPath,
  type StandingGrant,
  whyNotCovered,
} from '@holdpoint/shared/domain/standing-grant';
import { type Question, refuseVoter, type Voter } from './voter.ts';

/** What a grant was asked for at, with the action it is about. */
export interface AskedQuestion extends Question {
  readonly id: string;
  /** Null: an imperative request, or one whose arguments are gone. */
  readonly line: GrantedLine | null;
}

/** The class that is meant: what the request says, with the names of its approval where it says none. */
export function classOf(request: Pick<GrantRequest, keyof GrantClass>, line: GrantedLine | undefined): GrantClass {
  const { args, max_value } = request;
  const { operator = line?.operator, connector = line?.connector, tool = line?.tool } = request;
  if (!operator || !connector || !tool) throw invalid([{ path: 'operator', reason: 'is missing' }]);
  return { operator, connector, tool, args, max_value };
}

/** Why this person may not grant from this approval; undefined: may. Who may not decide it now may not for later either. */
export function refuseFrom(
  question: AskedQuestion,
  person: Voter,
  grant: Pick<GrantRequest, keyof GrantClass | 'reason'>,
): HoldpointError | undefined {
  const refusal = refuseVoter(question, person, 'approve', grant.reason);
  if (refusal) return refusal;
  if (question.line === null) {
    return new HoldpointError('CONFLICT', 'there is no action behind this approval to grant others like', {
      approval_id: question.id,
    });
  }
  const against = whyNotCovered(classOf(grant, question.line), question.line);
  if (against.length === 0) return undefined;
  return invalid(against.map((reason) => ({ path: 'args', reason: `the action itself is not covered: ${reason}` })));
}

/** A consent is given for audiences: who belongs to none has none to give. */
export function refuseGranter({ audiences }: Voter): HoldpointError | undefined {
  return audiences.length > 0
    ? undefined
    : new HoldpointError('NOT_IN_AUDIENCE', 'only who belongs to an audience can consent for one');
}

/** Conditions on what a tool hides: people would pin what they cannot see. */
export function refuseSecrets(grant: GrantClass, secretArgs: readonly string[]): HoldpointError | undefined {
  const issues = grant.args.flatMap(({ path }, index) =>
    isSecretPath(path, secretArgs)
      ? [{ path: `args.${index}.path`, reason: `${path} is a secret of ${grant.tool}: it cannot be pinned` }]
      : [],
  );
  return issues.length === 0 ? undefined : invalid(issues);
}

/** Whoever could have given it may take it back, and an admin. */
export function mayRevoke(
  grant: Pick<StandingGrant, 'granted_by' | 'audiences'>,
  person: Voter & { readonly admin: boolean },
): boolean {
  return (
    person.admin ||
    grant.granted_by === person.principal ||
    grant.audiences.some((audience) => person.audiences.includes(audience))
  );
}

const NAME_MAX_CHARS = 200;

/** What people are told the granter is called; an identity provider may say anything. */
export function nameOf({ name, principal }: Voter): string {
  return isPlainText(name) && name.length <= NAME_MAX_CHARS ? name : principal;
}

export function invalid(issues: readonly FieldIssue[]): HoldpointError {
  const first = issues[0];
  return new HoldpointError('INVALID_REQUEST', `${first?.path}: ${first?.reason}`, { in: 'body', issues });
}
