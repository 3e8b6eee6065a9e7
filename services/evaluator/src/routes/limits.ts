import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { limitInUseSchema } from '@holdpoint/shared/domain/reservation';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { limitInUse, termsIn } from '../core/limit-in-use.ts';
import { listLimits } from '../store/list-limits.ts';

const CURSOR_MAX_CHARS = 4_096;

export function limitRoutes(app: App, { authenticator, db, scorer }: Context): void {
  app.get(
    '/v1/limits',
    {
      onRequest: authenticated({ authenticator, scope: 'admin' }),
      schema: {
        tags: ['policies'],
        summary: 'Limits that something uses: how much of each, and when it is free again',
        querystring: z.strictObject({
          limit: z.coerce.number().int().min(1).max(200).default(50),
          cursor: z.string().max(CURSOR_MAX_CHARS).default(''),
        }),
        response: { 200: z.object({ items: z.array(limitInUseSchema), next_cursor: z.string().optional() }) },
      },
    },
    async ({ principal: { tenant }, query: { limit, cursor } }) => {
      const termsOf = termsIn(scorer.summaryOf(tenant)?.policies ?? []);
      const after = readCursor(cursor);
      const rows = await listLimits(db, { tenant, after, limit: limit + 1 }, (key) => termsOf(key)?.perSeconds);
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      return {
        items: shown.map((row) => limitInUse(row, termsOf)),
        ...(rows.length > limit && last && { next_cursor: writeCursor(last.key) }),
      };
    },
  );
}

/** A key may hold anything printable, a query string better not. */
const writeCursor = (key: string): string => Buffer.from(key).toString('base64url');

function readCursor(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString();
  if (writeCursor(key) !== cursor || key.includes('\0')) {
    throw new HoldpointError('INVALID_REQUEST', 'the cursor is none that this list gave');
  }
  return key;
}
