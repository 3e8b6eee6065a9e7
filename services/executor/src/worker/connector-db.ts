import { outsideConnector } from '@holdpoint/calls/connector-scope';
import { createEntityDb } from '@holdpoint/shared/db/entities/entity-db';
import type { EntityStore } from '@holdpoint/shared/db/entities/entity-store';
import type { Entities } from '@holdpoint/shared/db/entities/open-entities';
import type { EntityDb } from '@holdpoint/shared/workspace/entity-db';

/** A connector's own entities in one tenant. What the database does for it is not the connector's doing. */
export function createConnectorDb({ store, declared }: Entities, tenant: string, connector: string): EntityDb {
  const own = new Map([[connector, declared.get(connector) ?? {}]]);
  return createEntityDb(outside(store), tenant, own);
}

function outside(store: EntityStore): EntityStore {
  return {
    find: (place, id) => outsideConnector(() => store.find(place, id)),
    list: (place, listing) => outsideConnector(() => store.list(place, listing)),
    upsert: (place, write) => outsideConnector(() => store.upsert(place, write)),
    delete: (place, removal) => outsideConnector(() => store.delete(place, removal)),
  };
}
