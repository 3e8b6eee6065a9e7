import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { GrantClass, GrantRequest, StandingGrant } from '@holdpoint/shared/domain/standing-grant';
import type { PersonPrincipal } from '@holdpoint/shared/runtime/principal';
import { loadTools } from '@holdpoint/shared/workspace/tools';
import type { Context } from './context.ts';
import { createPreview, type GrantPreview } from './core/grant-preview.ts';
import { classOf, mayRevoke, nameOf, refuseFrom, refuseGranter, refuseSecrets } from './core/grant-rules.ts';
import { notFound } from './core/ruling.ts';
import { isId } from './decide.ts';
import { addStandingGrant } from './store/add-standing-grant.ts';
import { findAskedActions } from './store/find-asked-actions.ts';
import { readAskedQuestion } from './store/read-asked-question.ts';
import { readStandingGrant } from './store/read-standing-grants.ts';
import { revokeStandingGrant } from './store/revoke-standing-grant.ts';

/**
 * A person's consent to actions of a class, from now on.
 * @throws {HoldpointError} what it was refused with
 */
export async function grantInAdvance(
  context: Context,
  person: PersonPrincipal,
  request: GrantRequest,
): Promise<StandingGrant> {
  const grantClass = await checkedClass(context, person, request);
  const grant = {
    ...grantClass,
    id: context.newId(),
    tenant: person.tenant,
    until: new Date(request.until).toISOString(),
    uses: request.uses,
    audiences: [...person.audiences],
    granted_by: person.principal,
    granted_by_name: nameOf(person),
    reason: request.reason,
  };
  const added = await addStandingGrant(context.db, grant, { receiptId: context.newId(), from: request.approval_id });
  if (added instanceof HoldpointError) throw added;
  context.logger.info({ standing_grant: added.id, tenant: added.tenant, ...grantClass }, 'granted in advance');
  return added;
}

/** Of the questions of the past, as many as a preview looks at, by so many in a statement: arguments may be large. */
const LOOK_AT_MAX = 1_000;
const PAGE_MAX = 100;

/** What a grant of these terms would have met of late; records nothing. Refuses what granting would refuse. */
export async function previewGrant(
  context: Context,
  person: PersonPrincipal,
  request: PreviewRequest,
): Promise<GrantPreview> {
  const grantClass = await checkedClass(context, person, { reason: 'preview', ...request });
  const preview = createPreview(grantClass);
  let before: string | undefined;
  for (let looked = 0; looked < LOOK_AT_MAX; looked += PAGE_MAX) {
    const page = await findAskedActions(context.db, person.tenant, grantClass, { before, limit: PAGE_MAX });
    for (const { asked } of page) preview.add(asked);
    before = page.at(-1)?.id;
    if (page.length < PAGE_MAX) break;
  }
  return preview.result();
}

export type PreviewRequest = Pick<GrantRequest, keyof GrantClass | 'approval_id'>;

/** @throws {HoldpointError} NOT_FOUND, NOT_IN_AUDIENCE: of another tenant, or not this person's to end */
export async function revokeGrant(context: Context, person: PersonPrincipal, id: string): Promise<StandingGrant> {
  const { tenant, scopes } = person;
  const grant = isId(id) ? await readStandingGrant(context.db, tenant, id) : undefined;
  if (!grant) throw noGrant();
  if (!mayRevoke(grant, { ...person, admin: scopes.has('admin') || scopes.has('platform') })) {
    throw new HoldpointError(
      'NOT_IN_AUDIENCE',
      'only who granted, who is of an audience it counts for, or an admin may',
    );
  }
  const by = { tenant, id, actor: person.principal, receiptId: context.newId() };
  const revoked = await revokeStandingGrant(context.db, by);
  if (!revoked) throw noGrant();
  context.logger.info({ standing_grant: id, tenant }, 'a standing grant is revoked');
  return revoked;
}

export function noGrant(): HoldpointError {
  return new HoldpointError('NOT_FOUND', 'no such standing grant');
}

/** The class, where this person may grant it. */
async function checkedClass(
  context: Context,
  person: PersonPrincipal,
  request: PreviewRequest & { readonly reason: string },
): Promise<GrantClass> {
  const refusal = refuseGranter(person);
  if (refusal) throw refusal;
  const from = request.approval_id;
  const question = from === undefined ? undefined : await readAskedQuestion(context.db, person.tenant, from);
  if (from !== undefined && !question) throw notFound();
  const unfit = question && refuseFrom(question, person, request);
  if (unfit) throw unfit;
  const grantClass = classOf(request, question?.line ?? undefined);
  const secret = refuseSecrets(grantClass, await secretArgsOf(context, grantClass));
  if (secret) throw secret;
  return grantClass;
}

/** What the tool hides. Where the tools cannot be read, nothing can be pinned: it might be a secret. */
async function secretArgsOf(
  { config, logger }: Context,
  { connector, tool, args }: GrantClass,
): Promise<readonly string[]> {
  if (args.length === 0) return [];
  try {
    const tools = new Map(Object.entries(await loadTools(config.workspaceDir)));
    return new Map(Object.entries(tools.get(connector) ?? {})).get(tool)?.secretArgs ?? [];
  } catch (err) {
    logger.error({ err }, 'the tools cannot be read, so nobody can pin arguments');
    throw new HoldpointError('DEPENDENCY_UNAVAILABLE', 'the tools cannot be read now, so arguments cannot be pinned');
  }
}
