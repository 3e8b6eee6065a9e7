import { countEntities } from '@holdpoint/shared/db/entities/count-entities';
import { createEntityDb } from '@holdpoint/shared/db/entities/entity-db';
import { EntityError } from '@holdpoint/shared/db/entities/entity-error';
import { keepDaysOf, keyOf } from '@holdpoint/shared/db/entities/read-change';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { nameSchema } from '@holdpoint/shared/domain/names';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import type { EntityCollection, EntityQuery } from '@holdpoint/shared/workspace/entity-db';
import { z } from 'zod';
import type { Context } from '../context.ts';

const kindParams = { connector: nameSchema, entity: nameSchema };
const WHERE_MAX_CHARS = 16_384;
const dataSchema = z.record(z.string(), z.unknown());
const kindSchema = z.object({
  connector: z.string(),
  entity: z.string(),
  key: z.string(),
  indexes: z.array(z.array(z.string())),
  keep_days: z.number(),
  count: z.number().describe('Up to 1,000'),
  more: z.boolean().describe('There are more than were counted'),
});

/** What is known of remote systems' entities: all that connectors and hooks keep of the tenant's, nothing masked. */
export function entityRoutes(app: App, { authenticator, db, entities }: Context): void {
  const { store, declared } = entities;
  const onRequest = authenticated({ authenticator, scope: 'read' });

  function collection(tenant: string, connector: string, entity: string): EntityCollection {
    const kinds = declared.get(connector);
    const found = kinds && Object.hasOwn(kinds, entity) && createEntityDb(store, tenant, declared)[connector]?.[entity];
    if (!found) throw new HoldpointError('NOT_FOUND', `${connector} declares no entity ${entity}`);
    return found;
  }

  app.get(
    '/v1/entities',
    {
      onRequest,
      schema: {
        tags: ['entities'],
        summary: 'Kinds of entities that connectors declare, and how many of each are known',
        response: { 200: z.object({ items: z.array(kindSchema) }) },
      },
    },
    async ({ principal }) => {
      const kinds = [...declared].flatMap(([connector, own]) =>
        Object.keys(own).map((entity) => ({ connector, entity })),
      );
      const counts = await countEntities(db, principal.tenant, kinds);
      const items = counts.flatMap((one) => {
        const kind = declared.get(one.connector)?.[one.entity];
        if (!kind) return [];
        const indexes = (kind.indexes ?? []).map((index) => (typeof index === 'string' ? [index] : [...index]));
        return [{ ...one, key: keyOf(kind), indexes, keep_days: keepDaysOf(kind) }];
      });
      return { items };
    },
  );

  app.get(
    '/v1/entities/:connector/:entity',
    {
      onRequest,
      schema: {
        tags: ['entities'],
        summary:
          'Entities of one kind; `where` as in `findMany`: {"status":"open","total":{"gte":5}}, `order_by` as updated:desc,id',
        params: z.object(kindParams),
        querystring: z.strictObject({
          where: z.string().max(WHERE_MAX_CHARS).optional(),
          order_by: z.string().max(256).optional(),
          limit: z.coerce.number().int().min(1).max(100).default(50),
          cursor: z.string().max(4_096).optional(),
        }),
        response: { 200: z.object({ items: z.array(dataSchema), next_cursor: z.string().optional() }) },
      },
    },
    async ({ params, query, principal }) => {
      const found = collection(principal.tenant, params.connector, params.entity);
      const page = await said(
        found.findMany({
          ...(query.where !== undefined && { where: whereOf(query.where) }),
          ...(query.order_by !== undefined && { orderBy: orderOf(query.order_by) }),
          take: query.limit,
          ...(query.cursor !== undefined && { cursor: query.cursor }),
        }),
      );
      return { items: [...page], ...(page.next !== null && { next_cursor: page.next }) };
    },
  );

  app.get(
    '/v1/entities/:connector/:entity/:id',
    {
      onRequest,
      schema: {
        tags: ['entities'],
        summary: 'One entity, by its id in the remote system',
        params: z.object({ ...kindParams, id: z.string().min(1).max(255) }),
        response: { 200: dataSchema },
      },
    },
    async ({ params: { connector, entity, id }, principal }) => {
      const found = collection(principal.tenant, connector, entity);
      const key = keyOf(declared.get(connector)?.[entity] ?? {});
      const one = await said(found.findUnique({ where: { [key]: id } }));
      if (!one) throw new HoldpointError('NOT_FOUND', `nothing is known of ${connector} ${entity} ${id}`);
      return one;
    },
  );
}

/** What is wrong with a question is the caller's to mend. */
async function said<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof EntityError)) throw error;
    throw new HoldpointError('INVALID_REQUEST', error.message, error.issues.length > 0 ? { issues: error.issues } : {});
  }
}

function whereOf(text: string): NonNullable<EntityQuery['where']> {
  try {
    return JSON.parse(text);
  } catch {
    throw new HoldpointError('INVALID_REQUEST', 'where: is no JSON');
  }
}

function orderOf(text: string): NonNullable<EntityQuery['orderBy']> {
  const fields = text.split(',').map((part) => {
    const [field = '', direction = 'asc', ...rest] = part.split(':');
    if (rest.length > 0 || (direction !== 'asc' && direction !== 'desc')) {
      throw new HoldpointError('INVALID_REQUEST', `order_by: ${part} is not a field, or a field and :desc`);
    }
    return [field, direction] as const;
  });
  return Object.fromEntries(fields);
}
