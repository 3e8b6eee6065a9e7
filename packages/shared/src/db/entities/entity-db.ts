import type { EntityCatalog, EntityDeclaration } from '../../domain/entity.ts';
import { namedProperties } from '../../runtime/named-properties.ts';
import type { EntityCollection, EntityData, EntityDb, EntityPage } from '../../workspace/entity-db.ts';
import { writeCursor } from './entity-cursor.ts';
import { EntityError } from './entity-error.ts';
import type { EntityPlace, EntityRow, EntityStore } from './entity-store.ts';
import { readChange, readIdentity, readRemoval } from './read-change.ts';
import { type ReadQuery, readQuery } from './read-query.ts';

/**
 * One tenant's entities, as they are declared: `db.shop.orders.findUnique({ where: { id: '7' } })`. A connector or an entity that
 * is not declared throws where it is named.
 */
export function createEntityDb(store: EntityStore, tenant: string, declared: EntityCatalog): EntityDb {
  const names = Object.fromEntries([...declared].map(([connector, entities]) => [connector, Object.keys(entities)]));
  return namedEntities(names, (connector, entity) =>
    collection(store, { tenant, connector, entity }, declared.get(connector)?.[entity] as EntityDeclaration),
  );
}

/** An `EntityDb` of these entities of each connector. */
export function namedEntities(
  names: Readonly<Record<string, readonly string[]>>,
  make: (connector: string, entity: string) => EntityCollection,
): EntityDb {
  return namedProperties(
    Object.keys(names),
    (connector) =>
      namedProperties(
        names[connector] ?? [],
        (entity) => make(connector, entity),
        (entity) => new EntityError(`${connector} declares no entity ${entity}`),
      ),
    (connector) => new EntityError(`there is no connector ${connector} here`),
  );
}

function collection(store: EntityStore, place: EntityPlace, declared: EntityDeclaration): EntityCollection {
  return {
    findUnique: async (query) => store.find(place, readIdentity(declared, query)),
    async findMany(given) {
      const query = readQuery(place, given);
      return pageOf(query, await store.list(place, query.listing));
    },
    upsert: async (change) => ({ stale: !(await store.upsert(place, readChange(declared, change))) }),
    delete: async (which) => ({ stale: !(await store.delete(place, readRemoval(declared, which))) }),
  };
}

function pageOf({ take, writtenFor }: ReadQuery, rows: readonly EntityRow[]): EntityPage<EntityData> {
  const shown = rows.slice(0, take);
  const last = shown.at(-1);
  const next = rows.length > take && last ? writeCursor(last, writtenFor) : null;
  return Object.assign(
    shown.map(({ data }) => data),
    { next },
  );
}
