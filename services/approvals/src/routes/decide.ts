import { APPROVAL_STATUSES, approvalSchema } from '@holdpoint/shared/domain/approval';
import { toProblem } from '@holdpoint/shared/domain/errors';
import { saidSchema } from '@holdpoint/shared/domain/plain-text';
import { requirePerson } from '@holdpoint/shared/runtime/auth';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import { toHoldpointError } from '@holdpoint/shared/runtime/http-errors';
import type { PersonPrincipal, Principal } from '@holdpoint/shared/runtime/principal';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { approvalOf, cancel, comment, vote, withdraw } from '../decide.ts';

const BATCH_MAX_IDS = 100;
export const COMMENT_MAX_CHARS = 2048;

const textSchema = saidSchema(COMMENT_MAX_CHARS);
const params = z.object({ id: z.string() });
/** No body at all says the same as an empty one. */
const approveBodySchema = z.strictObject({ comment: textSchema.nullish() }).nullish();
const cancelBodySchema = z.strictObject({ reason: textSchema.nullish() }).nullish();
const noBodySchema = z.strictObject({}).nullish();
const commentBodySchema = z.strictObject({ text: textSchema });
const denyBodySchema = z.strictObject({ reason: textSchema });

const batchBodySchema = z.discriminatedUnion('vote', [
  z.strictObject({ ids: batchIds(), vote: z.literal('approve'), reason: textSchema.nullish() }),
  z.strictObject({ ids: batchIds(), vote: z.literal('deny'), reason: textSchema }),
]);
const batchAnswerSchema = z.object({
  items: z.array(
    z.object({ id: z.string(), status: z.enum(APPROVAL_STATUSES).optional(), error: z.looseObject({}).optional() }),
  ),
});

/** What a person decides: each a transaction and a receipt of its own. */
export function addDecideRoutes(app: App, context: Context): void {
  const onRequest = authenticated({ authenticator: context.authenticator, scope: 'person' });
  const route = (summary: string) => ({ tags: ['approvals'], summary, params, response: { 200: approvalSchema } });

  app.post(
    '/v1/approvals/:id/approve',
    { onRequest, schema: { ...route('Votes for it'), body: approveBodySchema } },
    async ({ principal, params: { id }, body }) =>
      approvalOf(
        await vote(context, personOf(principal), { approvalId: id, vote: 'approve', comment: body?.comment ?? null }),
      ),
  );

  app.post(
    '/v1/approvals/:id/deny',
    { onRequest, schema: { ...route('Denies it, with a reason'), body: denyBodySchema } },
    async ({ principal, params: { id }, body }) =>
      approvalOf(await vote(context, personOf(principal), { approvalId: id, vote: 'deny', comment: body.reason })),
  );

  app.post(
    '/v1/approvals/:id/cancel',
    {
      // Who may is the approval's to say: a person of whom it is asked, or the app that asked.
      onRequest: authenticated({ authenticator: context.authenticator, scope: ['person', 'plan', 'read'] }),
      schema: { ...route('Takes the request back: a person, or the app that asked'), body: cancelBodySchema },
    },
    async ({ principal, params: { id }, body }) =>
      approvalOf(await cancel(context, principal, id, body?.reason ?? null)),
  );

  app.post(
    '/v1/approvals/:id/withdraw',
    { onRequest, schema: { ...route('Takes the own vote back, while nothing is decided'), body: noBodySchema } },
    async ({ principal, params: { id } }) => approvalOf(await withdraw(context, personOf(principal), id)),
  );

  app.post(
    '/v1/approvals/:id/comments',
    { onRequest, schema: { ...route('Says something of it, open or over'), body: commentBodySchema } },
    async ({ principal, params: { id }, body }) =>
      approvalOf(await comment(context, personOf(principal), id, body.text)),
  );

  app.post(
    '/v1/approvals/batch',
    {
      onRequest,
      schema: {
        tags: ['approvals'],
        summary: 'The same vote on several, each for itself',
        body: batchBodySchema,
        response: { 200: batchAnswerSchema },
      },
    },
    async ({ principal, body }) => {
      const person = personOf(principal);
      const items = [];
      for (const id of body.ids) items.push(await voteOnOne(context, person, id, body.vote, body.reason ?? null));
      return { items };
    },
  );
}

/** Also what breaks in the middle of a batch is told beside what was done before. */
async function voteOnOne(
  context: Context,
  person: PersonPrincipal,
  id: string,
  cast: 'approve' | 'deny',
  comment: string | null,
) {
  try {
    return { id, status: approvalOf(await vote(context, person, { approvalId: id, vote: cast, comment })).status };
  } catch (error) {
    const refusal = toHoldpointError(error);
    if (refusal.code === 'INTERNAL') context.logger.error({ err: error, approval: id }, 'a vote of a batch failed');
    return { id, error: { ...toProblem(refusal) } };
  }
}

function personOf(principal: Principal): PersonPrincipal {
  requirePerson(principal);
  return principal;
}

function batchIds() {
  return z.array(z.string().min(1).max(64)).min(1).max(BATCH_MAX_IDS);
}
