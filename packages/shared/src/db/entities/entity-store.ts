import type { EntityData, EntityScalar } from '../../workspace/entity-db.ts';

/** Which kind of entity, and whose. All three are names. */
export interface EntityPlace {
  readonly tenant: string;
  readonly connector: string;
  readonly entity: string;
}

export type Comparison = 'gt' | 'gte' | 'lt' | 'lte';

/** What must hold of one field. */
export type FieldTest = { readonly field: string } & (
  | { readonly op: 'equals' | 'not'; readonly value: EntityScalar | null }
  | { readonly op: 'in'; readonly values: readonly EntityScalar[] }
  | { readonly op: 'contains' | 'startsWith'; readonly text: string }
  | { readonly op: Comparison; readonly value: EntityScalar }
);

export interface FieldOrder {
  readonly field: string;
  readonly direction: 'asc' | 'desc';
}

/** Where a page ended: the keys of the fields that order it, and the id. */
export interface EntityPosition {
  readonly keys: readonly (Buffer | null)[];
  readonly id: string;
}

/** A question as it is asked of the store. Ids order what is alike, in the last field's direction. */
export interface EntityListing {
  readonly tests: readonly FieldTest[];
  readonly order: readonly FieldOrder[];
  readonly limit: number;
  readonly after: EntityPosition | null;
}

export interface EntityRow {
  readonly id: string;
  readonly data: EntityData;
}

/** A change that its schema has read. Versions are decimal numbers, as text; null where there is none. */
export interface EntityWrite {
  readonly id: string;
  /** The whole, where nothing is known. */
  readonly create: EntityData;
  readonly createVersion: string | null;
  /** Merged over what is known. */
  readonly patch: EntityData;
  readonly patchVersion: string | null;
  readonly keepDays: number;
}

export interface EntityRemoval {
  readonly id: string;
  /** Null: it is deleted whatever its version is. */
  readonly version: string | null;
  readonly keepDays: number;
}

/** Where entities are kept. Every verb is one statement: of those that race each sees the others' whole. */
export interface EntityStore {
  find(place: EntityPlace, id: string): Promise<EntityData | null>;
  list(place: EntityPlace, listing: EntityListing): Promise<readonly EntityRow[]>;
  /** False: it is stale, and changed nothing. */
  upsert(place: EntityPlace, write: EntityWrite): Promise<boolean>;
  /** False: it is stale, and changed nothing. */
  delete(place: EntityPlace, removal: EntityRemoval): Promise<boolean>;
}
