/** An entity as it is kept: what its declared schema has made of it, as JSON. */
export type EntityData = Readonly<Record<string, unknown>>;

/** What a field may be compared with. A missing field and null are the same. */
export type EntityScalar = string | number | boolean;

/** Its fields name `entities` of `connectors/<name>/tools.ts`. Another name throws. */
export type ConnectorEntities = Readonly<Record<string, EntityCollection>>;

/** What is known of remote systems' entities in one tenant: `db.shop.orders.findUnique({ where: { id: '7' } })`. */
export type EntityDb = Readonly<Record<string, ConnectorEntities>>;

/**
 * One kind of entity in one tenant: a cache, kept by webhooks and results, that a remote system knows better. `Output` is what
 * its schema gives, `Input` what it takes, `Key` the field that identifies it.
 */
export interface EntityCollection<
  Output extends object = EntityData,
  Input extends object = Output,
  Key extends string = string,
> {
  /** Null where it is not known, was deleted, or was not heard of for its `keepDays`. */
  findUnique(query: { readonly where: EntityIdentity<Output, Key> }): Promise<Output | null>;
  /** Ends after 1 s with an error: whatever is asked often wants a declared index. */
  findMany(query?: EntityQuery<Output>): Promise<EntityPage<Output>>;
  /**
   * Creates it, or merges `update` over what is there, field by field at the top. What is older than what is known changes
   * nothing, and says so; of two with one version the later arrival stands. A deleted one comes back by a newer version only.
   */
  upsert(change: Input | EntityChange<Output, Input, Key>): Promise<EntityWritten>;
  /** Leaves a mark for as long as an entity is kept, so that what is older does not bring it back. */
  delete(which: {
    readonly where: EntityIdentity<Output, Key>;
    readonly version?: EntityVersion;
  }): Promise<EntityWritten>;
}

export type EntityIdentity<Output extends object, Key extends string> = Readonly<Record<Key, IdOf<Output, Key>>>;
type IdOf<Output, Key> = Key extends keyof Output
  ? [Extract<Output[Key], string | number>] extends [never]
    ? string | number
    : Extract<Output[Key], string | number>
  : string | number;

/** A number, or an RFC 3339 time, of which microseconds count. */
export type EntityVersion = number | string;

export interface EntityChange<Output extends object, Input extends object, Key extends string> {
  readonly where: EntityIdentity<Output, Key>;
  /** The whole of it, where it is not known yet. */
  readonly create: Input;
  /** What has changed of one that is. */
  readonly update: Partial<Input>;
  /** In place of the field that is declared as its version. */
  readonly version?: EntityVersion;
}

export interface EntityWritten {
  /** True: something newer is known, and nothing was changed. */
  readonly stale: boolean;
}

export interface EntityQuery<Output extends object = EntityData> {
  /** All of it holds. */
  readonly where?: EntityWhere<Output>;
  /** `{ updated: 'desc' }`, several fields in their order; what has no value comes last, and ids order what is alike. */
  readonly orderBy?: EntityOrder<Output>;
  /** 1–100; 50 unless told. */
  readonly take?: number;
  /** `next` of the page before, of the same `where` and `orderBy`. */
  readonly cursor?: string | null;
}

/** A page of entities. `next` is null at the end. */
export type EntityPage<Output> = readonly Output[] & { readonly next: string | null };

export type EntityOrder<Output extends object> = { readonly [Field in keyof Output]?: 'asc' | 'desc' };
export type EntityWhere<Output extends object> = { readonly [Field in keyof Output]?: FieldWhere<Output[Field]> };

/** A value, null where there is none, or operators that all hold. Only values of one JSON type compare with each other. */
export type FieldWhere<Value> = unknown extends Value
  ? EntityScalar | null | FieldOperators<EntityScalar>
  : Extract<Value, EntityScalar> | null | FieldOperators<Extract<Value, EntityScalar>>;

type FieldOperators<Value extends EntityScalar> = {
  /** Anything else, no value included; `not: null`: it has a value. */
  readonly not?: Value | null;
} & ([Value] extends [never] ? unknown : { readonly in?: readonly Value[] }) &
  ([Extract<Value, string>] extends [never] ? unknown : { readonly contains?: string; readonly startsWith?: string }) &
  ([Extract<Value, string | number>] extends [never] ? unknown : Comparisons<Widened<Value>>);

interface Comparisons<Value> {
  readonly gt?: Value;
  readonly gte?: Value;
  readonly lt?: Value;
  readonly lte?: Value;
}

type Widened<Value> = (Value extends string ? string : never) | (Value extends number ? number : never);
