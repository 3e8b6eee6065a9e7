import { namedEntities } from '@holdpoint/shared/db/entities/entity-db';
import { EntityError } from '@holdpoint/shared/db/entities/entity-error';
import type { EntityCollection, EntityData, EntityDb, EntityWritten } from '@holdpoint/shared/workspace/entity-db';
import type { EntityAnswer, EntityQuestion, EntityVerb } from './protocol.ts';

/** The thread's side of `ctx.db`: every question goes to the service, which knows whether its call still runs. */
export interface ThreadEntities {
  of(call: number): EntityDb;
  take(answer: EntityAnswer): void;
}

interface Waiting {
  resolve(json: string): void;
  reject(error: Error): void;
}

export function threadEntities(
  names: Readonly<Record<string, readonly string[]>>,
  ask: (question: EntityQuestion) => void,
): ThreadEntities {
  const waiting = new Map<number, Waiting>();
  let asked = 0;

  function question(call: number, connector: string, entity: string) {
    return async <T>(verb: EntityVerb, what: unknown): Promise<T> => {
      const given = JSON.stringify(what ?? {});
      asked += 1;
      const id = asked;
      const answered = new Promise<string>((resolve, reject) => waiting.set(id, { resolve, reject }));
      ask({ id, call, connector, entity, verb, given });
      return JSON.parse(await answered) as T;
    };
  }

  return {
    of: (call) => namedEntities(names, (connector, entity) => collection(question(call, connector, entity))),
    take({ id, ...answer }) {
      const one = waiting.get(id);
      waiting.delete(id);
      if ('json' in answer) one?.resolve(answer.json);
      else one?.reject(new EntityError(answer.refused));
    },
  };
}

function collection(ask: <T>(verb: EntityVerb, what: unknown) => Promise<T>): EntityCollection {
  return {
    findUnique: (query) => ask<EntityData | null>('findUnique', query),
    async findMany(query) {
      const { rows, next } = await ask<{ rows: EntityData[]; next: string | null }>('findMany', query);
      return Object.assign(rows, { next });
    },
    upsert: (change) => ask<EntityWritten>('upsert', change),
    delete: (which) => ask<EntityWritten>('delete', which),
  };
}
