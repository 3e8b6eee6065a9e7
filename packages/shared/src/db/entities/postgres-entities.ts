import type { Kysely } from 'kysely';
import pLimit from 'p-limit';
import type { Database } from '../schema/index.ts';
import { deleteEntity } from './delete-entity.ts';
import type { EntityStore } from './entity-store.ts';
import { findEntities } from './find-entities.ts';
import { findEntity } from './find-entity.ts';
import { upsertEntity } from './upsert-entity.ts';

/** Lists at work at once: the longest ones must leave connections to what the service is there for. */
const LISTS_MAX = 2;

/** Entities of all tenants, in Postgres; once a process. */
export function postgresEntities(db: Kysely<Database>): EntityStore {
  const inTurn = pLimit(LISTS_MAX);
  return {
    find: (place, id) => findEntity(db, place, id),
    list: (place, listing) => inTurn(() => findEntities(db, place, listing)),
    upsert: (place, write) => upsertEntity(db, place, write),
    delete: (place, removal) => deleteEntity(db, place, removal),
  };
}
