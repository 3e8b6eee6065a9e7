import { toReceipt } from '@holdpoint/shared/db/receipts';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { keySchema, planIdSchema } from '@holdpoint/shared/domain/names';
import { RECEIPT_KINDS, receiptSchema } from '@holdpoint/shared/domain/receipt';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { type ListedReceipt, listReceipts } from '../store/list-receipts.ts';
import { pageQuery } from './paging.ts';

const uuid = z.uuid();
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
        summary: 'Receipts of the tenant, newest first; `plan_id` is the server id, or the operator’s own',
        querystring: z.strictObject({
          action_id: uuid.optional(),
          plan_id: planIdSchema.optional(),
          entity_key: keySchema.optional(),
          kind: z.enum(RECEIPT_KINDS).optional(),
          since: timeSchema.optional(),
          limit: pageQuery.limit,
          cursor: z.string().max(200).optional(),
        }),
        response: { 200: z.object({ items: z.array(receiptSchema), next_cursor: z.string().optional() }) },
      },
    },
    async ({ query, principal }) => {
      const { limit, plan_id: plan } = query;
      const rows = await listReceipts(db, {
        tenant: principal.tenant,
        actionId: query.action_id,
        ...(plan !== undefined && (uuid.safeParse(plan).success ? { plan } : { planId: plan })),
        entityKey: query.entity_key,
        kind: query.kind,
        since: query.since,
        before: query.cursor === undefined ? undefined : readCursor(query.cursor),
        limit,
      });
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      return { items: shown.map(toReceipt), ...(rows.length > limit && last && { next_cursor: writeCursor(last) }) };
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

function writeCursor({ at_text, id }: ListedReceipt): string {
  return Buffer.from(JSON.stringify([at_text, id])).toString('base64url');
}

function readCursor(cursor: string): { at: string; id: string } {
  try {
    const [at, id] = cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { at, id };
  } catch {
    throw new HoldpointError('INVALID_REQUEST', 'cursor: is not one of ours');
  }
}
