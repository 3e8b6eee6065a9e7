import { toReceipt } from '@holdpoint/shared/db/receipts';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { keySchema, nameSchema, planIdSchema, toolNameSchema } from '@holdpoint/shared/domain/names';
import { isPlainText } from '@holdpoint/shared/domain/plain-text';
import { RECEIPT_KINDS, receiptSchema } from '@holdpoint/shared/domain/receipt';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { listReceipts, type ReceiptPlace } from '../store/list-receipts.ts';
import { pageQuery } from './paging.ts';

const uuid = z.uuid();
const SAID_MAX_CHARS = 512;
/** An actor, or an id of any kind: what Postgres can compare. */
const saidIdSchema = z.string().min(1).max(SAID_MAX_CHARS).refine(isPlainText);
const isoTime = z.iso.datetime({ offset: true });
/** A time in UTC that Postgres takes too: it knows no year 0, and fewer offsets. */
const timeSchema = isoTime
  .transform((text) => new Date(text))
  .refine(isStorable, 'must be of the years 1 to 9999')
  .transform((time) => time.toISOString());

export function receiptRoutes(app: App, { authenticator, db }: Context): void {
  app.get(
    '/v1/receipts',
    {
      onRequest: authenticated({ authenticator, scope: 'read' }),
      schema: {
        tags: ['receipts'],
        summary:
          'Receipts of the tenant, newest first; `plan_id` is the server id, or the operator’s own; `about` an id or key of whatever kind. A page that ends early says where to go on',
        querystring: z.strictObject({
          action_id: uuid.optional(),
          plan_id: planIdSchema.optional(),
          entity_key: keySchema.optional(),
          about: saidIdSchema.optional(),
          event_id: saidIdSchema.optional(),
          operator: nameSchema.optional(),
          connector: nameSchema.optional(),
          tool: toolNameSchema.optional(),
          actor: saidIdSchema.optional(),
          outcome: nameSchema.optional(),
          kind: z.enum(RECEIPT_KINDS).optional(),
          since: timeSchema.optional(),
          until: timeSchema.optional().describe('Left out itself'),
          limit: pageQuery.limit,
          cursor: z.string().max(200).optional(),
        }),
        response: { 200: z.object({ items: z.array(receiptSchema), next_cursor: z.string().optional() }) },
      },
    },
    async ({ query, principal }) => {
      const { plan_id: plan, action_id: actionId, entity_key: entityKey, about: anyId, event_id: event } = query;
      const { rows, next } = await listReceipts(db, {
        ...query,
        tenant: principal.tenant,
        actionId,
        entityKey,
        anyId,
        event,
        ...(plan !== undefined && (uuid.safeParse(plan).success ? { plan } : { planId: plan })),
        before: query.cursor === undefined ? undefined : readCursor(query.cursor),
      });
      return { items: rows.map(toReceipt), ...(next && { next_cursor: writeCursor(next) }) };
    },
  );
}

function isStorable(time: Date): boolean {
  return !Number.isNaN(time.getTime()) && time.getUTCFullYear() >= 1 && time.getUTCFullYear() <= 9999;
}

/** As Postgres writes it; no Date, for that would lose microseconds. */
const TIME_TEXT = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,6})?)([+-](?:0\d|1[0-4]))(:\d\d)?$/;
const cursorSchema = z.tuple([
  z.string().refine((text) => {
    const [, date, time, hours, minutes = ':00'] = TIME_TEXT.exec(text) ?? [];
    return timeSchema.safeParse(`${date}T${time}${hours}${minutes}`).success;
  }),
  uuid,
]);

function writeCursor({ at, id }: ReceiptPlace): string {
  return Buffer.from(JSON.stringify([at, id])).toString('base64url');
}

function readCursor(cursor: string): ReceiptPlace {
  try {
    const [at, id] = cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { at, id };
  } catch {
    throw new HoldpointError('INVALID_REQUEST', 'cursor: is not one of ours');
  }
}
