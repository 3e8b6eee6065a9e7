import { z } from 'zod';
import { id, type Page, pageOf, type Service } from './http.ts';

const kindSchema = z.looseObject({
  connector: z.string(),
  entity: z.string(),
  key: z.string(),
  count: z.number(),
  more: z.boolean(),
});
/** A kind of entity that a connector declares, and how many are known: `more` than the count where that is a thousand. */
export type EntityKind = z.infer<typeof kindSchema>;

const dataSchema = z.record(z.string(), z.unknown());

export interface EntitiesQuery extends Page {
  /** As in `ctx.db`: `{ status: 'open', total: { gte: 5 } }`. */
  readonly where?: Readonly<Record<string, unknown>> | undefined;
  readonly orderBy?: Readonly<Record<string, 'asc' | 'desc'>> | undefined;
}

/** What connectors and hooks keep of remote systems' entities. */
export function entities(service: Service) {
  const path = '/v1/entities';
  return {
    kinds: () => service(z.object({ items: z.array(kindSchema) }), { method: 'GET', path }),
    list: (connector: string, entity: string, { where, orderBy, ...page }: EntitiesQuery = {}) =>
      service(pageOf(dataSchema), {
        method: 'GET',
        path: `${path}/${id(connector)}/${id(entity)}`,
        query: {
          ...page,
          where: where && JSON.stringify(where),
          order_by:
            orderBy &&
            Object.entries(orderBy)
              .map(([field, direction]) => (direction === 'desc' ? `${field}:desc` : field))
              .join(','),
        },
      }),
    get: (connector: string, entity: string, entityId: string) =>
      service(dataSchema, { method: 'GET', path: `${path}/${id(connector)}/${id(entity)}/${id(entityId)}` }),
  };
}
