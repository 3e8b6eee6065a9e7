import type { EntityDeclaration } from '@holdpoint/shared/domain/entity';
import type { EntityCollection } from '@holdpoint/shared/workspace/entity-db';
import type { StandardSchemaV1 } from '@standard-schema/spec';

export type {
  EntityChange,
  EntityCollection,
  EntityData,
  EntityDb,
  EntityPage,
  EntityQuery,
  EntityWhere,
  EntityWritten,
} from '@holdpoint/shared/workspace/entity-db';

interface DeclaresEntities {
  readonly name: string;
  readonly entities?: Readonly<Record<string, EntityDeclaration>>;
}

/**
 * `ctx.db` with the entities of these connectors, as their `tools.ts` declare them:
 *
 * @example
 * after: async (event, { db }: AfterHookContext<EntityDbOf<{ shop: typeof shop }>>) => {
 *   await db.shop.orders.upsert({ id: event.data.id, status: event.data.status });
 * }
 */
export type EntityDbOf<Connectors extends Readonly<Record<string, DeclaresEntities>>> = {
  readonly [Name in keyof Connectors]: EntitiesOf<Connectors[Name]>;
};

/** One connector's, by name. */
export type EntitiesOf<File extends DeclaresEntities> = {
  readonly [Name in keyof NonNullable<File['entities']>]: CollectionOf<NonNullable<File['entities']>[Name]>;
};

type CollectionOf<Declared> = Declared extends EntityDeclaration
  ? EntityCollection<
      ObjectOf<StandardSchemaV1.InferOutput<Declared['schema']>>,
      ObjectOf<StandardSchemaV1.InferInput<Declared['schema']>>,
      Declared['key'] extends string ? Declared['key'] : 'id'
    >
  : never;

type ObjectOf<Value> = Value extends object ? Value : Readonly<Record<string, unknown>>;
