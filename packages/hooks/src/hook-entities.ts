import { createEntityDb } from '@holdpoint/shared/db/entities/entity-db';
import { EntityError } from '@holdpoint/shared/db/entities/entity-error';
import type { Entities } from '@holdpoint/shared/db/entities/open-entities';
import type { EntityCollection } from '@holdpoint/shared/workspace/entity-db';
import pLimit from 'p-limit';
import type { EntityQuestion, EntityVerb } from './protocol.ts';

/** The service's side of `ctx.db`: a hook's thread has no connections of its own. */
export interface HookEntities {
  /** connector → its entities. */
  readonly names: Readonly<Record<string, readonly string[]>>;
  /** As JSON. @throws EntityError, and what the database fails with */
  answer(tenant: string, question: EntityQuestion): Promise<string>;
}

/** Of one service, at work at once: hooks are many, and the pool is there for the service. */
const AT_ONCE_MAX = 2;
/** Two entities of the largest kind, and what stands around them. */
const QUESTION_MAX_CHARS = 128 * 1024;

export function hookEntities({ store, declared }: Entities): HookEntities {
  const inTurn = pLimit(AT_ONCE_MAX);
  return {
    names: Object.fromEntries([...declared].map(([connector, entities]) => [connector, Object.keys(entities)])),
    async answer(tenant, { connector, entity, verb, given }) {
      if (given.length > QUESTION_MAX_CHARS) throw new EntityError(`${verb}: is asked with too much`);
      const kind = createEntityDb(store, tenant, declared)[connector]?.[entity];
      if (!kind || !Object.hasOwn(VERBS, verb)) throw new EntityError('there is no such question');
      return inTurn(async () => JSON.stringify(await VERBS[verb](kind, JSON.parse(given))));
    },
  };
}

/** What is given is looked at where it is read. */
const VERBS = {
  findUnique: (kind, given) => kind.findUnique(given as never),
  async findMany(kind, given) {
    const page = await kind.findMany(given as never);
    return { rows: page, next: page.next };
  },
  upsert: (kind, given) => kind.upsert(given as never),
  delete: (kind, given) => kind.delete(given as never),
} as const satisfies Record<EntityVerb, (kind: EntityCollection, given: unknown) => Promise<unknown>>;
