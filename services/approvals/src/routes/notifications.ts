import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { NOTIFICATION_STATES, notificationSchema } from '@holdpoint/shared/domain/notification';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { listNotifications } from '../store/list-notifications.ts';
import { retryNotification } from '../store/retry-notification.ts';

const listQuerySchema = z.strictObject({
  approval_id: z.uuid().optional(),
  state: z.enum(NOTIFICATION_STATES).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.uuid().optional(),
});
const pageSchema = z.object({ items: z.array(notificationSchema), next_cursor: z.string().optional() });

/** Who was told, who was not, and why. */
export function addNotificationRoutes(app: App, context: Context): void {
  const { authenticator, db } = context;

  app.get(
    '/v1/notifications',
    {
      onRequest: authenticated({ authenticator, scope: 'read' }),
      schema: {
        tags: ['notifications'],
        summary: 'Notifications, newest first',
        querystring: listQuerySchema,
        response: { 200: pageSchema },
      },
    },
    async ({ principal, query: { approval_id, state, limit, cursor } }) => {
      const { tenant } = principal;
      const rows = await listNotifications(db, { tenant, approval: approval_id, state, before: cursor, limit });
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      return { items, ...(rows.length > limit && last && { next_cursor: last.id }) };
    },
  );

  app.post(
    '/v1/notifications/:id/retry',
    {
      onRequest: authenticated({ authenticator, scope: ['admin', 'person'] }),
      schema: {
        tags: ['notifications'],
        summary: 'Sends one again that failed or was passed over',
        params: z.object({ id: z.string() }),
        response: { 200: notificationSchema },
      },
    },
    async ({ principal, params: { id } }) => {
      const retried = z.uuid().safeParse(id).success
        ? await retryNotification(db, principal.tenant, id)
        : ({ kind: 'not_found' } as const);
      if (retried.kind === 'not_found') throw new HoldpointError('NOT_FOUND', 'no such notification');
      if (retried.kind === 'refused') {
        throw new HoldpointError(
          'CONFLICT',
          `only what failed or was passed over is sent again: this is ${retried.notification.state}`,
        );
      }
      return retried.notification;
    },
  );
}
