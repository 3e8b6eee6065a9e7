import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import { actionSchema } from '@holdpoint/shared/domain/action';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { saidSchema } from '@holdpoint/shared/domain/plain-text';
import type { Principal } from '@holdpoint/shared/runtime/auth';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { cancel, type Intervention, retry, SETTLEMENTS, settle } from '../core/intervention.ts';
import { ringHead } from '../jobs/ring-head.ts';
import { moveAction } from '../store/move-action.ts';
import { NO_ACTION, showAction } from './actions.ts';
import { idParams, knownId } from './id-params.ts';
import { tenantOf } from './tenant-of.ts';

const response = { 200: actionSchema };
export const REASON_MAX_CHARS = 1024;
const reasonSchema = saidSchema(REASON_MAX_CHARS);
const reasonBody = z.strictObject({ reason: reasonSchema.optional() }).nullish();

/** What ops do to an action: by a person or an admin, with a receipt that says who. */
export function interventionRoutes(app: App, context: Context): void {
  const onRequest = authenticated({ authenticator: context.authenticator, scope: ['person', 'admin'] });
  const schema = (summary: string) => ({ tags: ['actions'], summary, params: idParams, response });

  app.post(
    '/v1/actions/:id/cancel',
    { onRequest, schema: { ...schema('Take back a queued action'), body: reasonBody } },
    ({ params, principal, body }) => intervene(context, params, principal, cancel, body?.reason),
  );

  app.post(
    '/v1/actions/:id/retry',
    { onRequest, schema: { ...schema('Try again now: what backs off, or is indeterminate'), body: reasonBody } },
    ({ params, principal, body }) =>
      intervene(
        context,
        params,
        principal,
        (row) => retry(row, context.connectors.tool(row.connector, row.tool)),
        body?.reason,
      ),
  );

  app.post(
    '/v1/actions/:id/settle',
    {
      onRequest,
      schema: {
        ...schema('Say what became of an indeterminate action'),
        body: z.strictObject({ as: z.enum(SETTLEMENTS), reason: reasonSchema }),
      },
    },
    ({ params, principal, body }) =>
      intervene(context, params, principal, (row) => settle(row, body.as, body.reason), body.reason),
  );
}

async function intervene(
  context: Context,
  params: { readonly id: string },
  principal: Principal,
  decide: (row: ActionRow) => Intervention,
  note: string | undefined,
) {
  const id = knownId(params, NO_ACTION);
  const said = { actor: principal.principal, note: note ?? null };
  const moved = await moveAction(context.db, { id, tenant: tenantOf(principal) }, decide, said);
  if (!moved) throw new HoldpointError('NOT_FOUND', NO_ACTION);
  context.relay.nudge();
  await ring(context, moved.after);
  return showAction(context, moved.after);
}

async function ring(context: Context, { id, tenant, connector, lane_id, state }: ActionRow): Promise<void> {
  if (lane_id !== null) return ringHead(context, lane_id);
  if (state !== 'queued') return;
  await context.bell
    .ringReads([{ action_id: id, tenant, connector }])
    .catch((err: unknown) => context.logger.warn({ err, action_id: id }, 'not rung now; the sweep will'));
}
