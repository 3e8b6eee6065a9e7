import type { Kysely } from 'kysely';
import type { EntityCatalog } from '../../domain/entity.ts';
import { loadEntities } from '../../workspace/tools.ts';
import type { Database } from '../schema/index.ts';
import type { EntityStore } from './entity-store.ts';
import { postgresEntities } from './postgres-entities.ts';

/** What a service knows of entities: where they are kept, and what the workspace declares of them. */
export interface Entities {
  readonly store: EntityStore;
  readonly declared: EntityCatalog;
}

/** Once a process. @throws WorkspaceError that names the file */
export async function openEntities(db: Kysely<Database>, workspaceDir: string): Promise<Entities> {
  return { store: postgresEntities(db), declared: await loadEntities(workspaceDir) };
}
