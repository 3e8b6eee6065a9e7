import { toReceipt } from '@holdpoint/shared/db/receipts';
import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import { type Action, actionSchema } from '@holdpoint/shared/domain/action';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { STATES } from '@holdpoint/shared/domain/lifecycle';
import { keySchema, nameSchema } from '@holdpoint/shared/domain/names';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { listActions } from '../store/list-actions.ts';
import { listReceipts } from '../store/list-receipts.ts';
import { readAction } from '../store/read-action.ts';
import { readAround } from '../store/read-around.ts';
import { toAction } from './action-view.ts';
import { idParams, knownId } from './id-params.ts';
import { page, pageQuery } from './paging.ts';
import { tenantOf } from './tenant-of.ts';

const RECEIPTS_MAX = 200;
export const NO_ACTION = 'there is no such action';

/** An action with the secret places of its arguments hidden; all of them where nobody here knows which they are. */
export function showAction({ connectors }: Context, row: ActionRow): Action {
  return toAction(row, connectors.tool(row.connector, row.tool));
}

export function actionRoutes(app: App, context: Context): void {
  const onRequest = authenticated({ authenticator: context.authenticator, scope: 'read' });
  const { db } = context;

  app.get(
    '/v1/actions',
    {
      onRequest,
      schema: {
        tags: ['actions'],
        summary: 'Actions of the tenant, newest first',
        querystring: z.strictObject({
          state: z.enum(STATES).optional(),
          entity_key: keySchema.optional(),
          operator: nameSchema.optional(),
          ...pageQuery,
        }),
        response: { 200: z.object({ items: z.array(actionSchema), next_cursor: z.string().optional() }) },
      },
    },
    async ({ query, principal }) => {
      const { state, entity_key: entityKey, operator, limit, cursor: before } = query;
      const rows = await listActions(db, { tenant: principal.tenant, state, entityKey, operator, before, limit });
      return page(rows, limit, (row) => showAction(context, row));
    },
  );

  app.get(
    '/v1/actions/:id',
    {
      onRequest,
      schema: {
        tags: ['actions'],
        summary: 'One action, with its receipts, and what is around it: its plan, its event, its lane, its duplicates',
        params: idParams,
        response: { 200: actionSchema },
      },
    },
    async ({ params, principal }) => {
      const tenant = tenantOf(principal);
      const row = await readAction(db, knownId(params, NO_ACTION), tenant);
      if (!row) throw new HoldpointError('NOT_FOUND', NO_ACTION);
      const [{ rows: receipts }, around] = await Promise.all([
        listReceipts(db, { tenant, actionId: row.id, limit: RECEIPTS_MAX }),
        readAround(db, row),
      ]);
      return { ...showAction(context, row), receipts: receipts.toReversed().map(toReceipt), around };
    },
  );
}
