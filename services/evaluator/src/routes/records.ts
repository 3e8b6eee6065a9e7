import { decisionRecordSchema } from '@holdpoint/shared/domain/decision-record';
import { nameSchema } from '@holdpoint/shared/domain/names';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { toDecisionRecord } from '../core/decision-record.ts';
import { findRecords } from '../store/find-records.ts';

const PAGE_MAX_BYTES = 4 * 1024 * 1024;
const SCAN_MAX_ROWS = 5_000;

const time = z.iso.datetime({ offset: true });

export function recordRoutes(app: App, { authenticator, db, scorer }: Context): void {
  app.get(
    '/v1/policies/records',
    {
      onRequest: authenticated({ authenticator, scope: 'admin' }),
      schema: {
        tags: ['policies'],
        summary:
          'What was decided, with the facts of then and what became of it: oldest first, by when it was proposed',
        querystring: z.strictObject({
          since: time.optional(),
          until: time.optional(),
          operator: nameSchema.optional(),
          limit: z.coerce.number().int().min(1).max(200).default(50),
          cursor: z.uuid().optional(),
        }),
        response: {
          200: z.object({
            tenant: z.string(),
            items: z.array(decisionRecordSchema),
            next_cursor: z.string().optional(),
          }),
        },
      },
    },
    async ({ query, principal: { tenant } }) => {
      const { records, next } = await findRecords(db, {
        tenant,
        operator: query.operator,
        since: query.since === undefined ? undefined : new Date(query.since),
        until: query.until === undefined ? undefined : new Date(query.until),
        after: query.cursor,
        limit: query.limit,
        maxBytes: PAGE_MAX_BYTES,
        scanMax: SCAN_MAX_ROWS,
      });
      const secrets = scorer.summaryOf(tenant)?.secretArgs;
      const items = records.map((record) => {
        const { connector, tool } = record.action;
        return toDecisionRecord(record, secrets?.get(`${connector} ${tool}`));
      });
      return { tenant, items, ...(next !== undefined && { next_cursor: next }) };
    },
  );
}
