import type { EntityData, EntityScalar } from '../../workspace/entity-db.ts';
import { entityKey } from './entity-key.ts';
import type {
  EntityListing,
  EntityPlace,
  EntityPosition,
  EntityRow,
  EntityStore,
  FieldOrder,
  FieldTest,
} from './entity-store.ts';

interface Kept {
  /** Null: it was deleted. */
  readonly data: EntityData | null;
  readonly version: string | null;
}

/** Entities in a Map: for tests that have no database, and what the one in Postgres is held against. Nothing grows old here. */
export function memoryEntities(): EntityStore {
  const all = new Map<string, Map<string, Kept>>();
  const at = ({ tenant, connector, entity }: EntityPlace): Map<string, Kept> => {
    const place = JSON.stringify([tenant, connector, entity]);
    const found = all.get(place) ?? new Map<string, Kept>();
    all.set(place, found);
    return found;
  };
  return {
    find: async (place, id) => structuredClone(at(place).get(id)?.data ?? null),
    list: async (place, listing) => listed(at(place), listing),
    async upsert(place, { id, create, createVersion, patch, patchVersion }) {
      const kept = at(place).get(id);
      const live = kept?.data ?? null;
      const version = live ? patchVersion : createVersion;
      const order = kept ? compareVersions(version, kept.version) : 1;
      if (order < 0 || (order === 0 && !live)) return false;
      const data = live ? { ...live, ...patch } : create;
      at(place).set(id, { data: structuredClone(data), version: version ?? kept?.version ?? null });
      return true;
    },
    async delete(place, { id, version }) {
      const kept = at(place).get(id);
      if (kept && compareVersions(version, kept.version) < 0) return false;
      at(place).set(id, { data: null, version: version ?? kept?.version ?? null });
      return true;
    },
  };
}

/** What has no version is newer than anything, and anything is newer than it. */
function compareVersions(one: string | null, other: string | null): number {
  return one === null || other === null ? 1 : Number(one) - Number(other);
}

function listed(kept: ReadonlyMap<string, Kept>, { tests, order, limit, after }: EntityListing): EntityRow[] {
  const rows = [...kept].flatMap(([id, { data }]) => (data ? [{ id, data }] : []));
  return structuredClone(
    rows
      .filter(({ data }) => tests.every((test) => passes(fieldOf(data, test.field), test)))
      .filter((row) => after === null || compareRows(row, after, order) > 0)
      .sort((a, b) => compareRows(a, positionOf(b, order), order))
      .slice(0, limit),
  );
}

const fieldOf = (data: EntityData, field: string): unknown =>
  Object.hasOwn(data, field) ? (data[field] ?? null) : null;

function passes(value: unknown, test: FieldTest): boolean {
  switch (test.op) {
    case 'equals':
      return value === test.value;
    case 'not':
      return value !== test.value;
    case 'in':
      return test.values.some((one) => one === value);
    case 'contains':
      return typeof value === 'string' && value.includes(test.text);
    case 'startsWith':
      return typeof value === 'string' && value.startsWith(test.text);
    case 'gt':
      return compareAlike(value, test.value, (order) => order > 0);
    case 'gte':
      return compareAlike(value, test.value, (order) => order >= 0);
    case 'lt':
      return compareAlike(value, test.value, (order) => order < 0);
    case 'lte':
      return compareAlike(value, test.value, (order) => order <= 0);
    default:
      return test satisfies never;
  }
}

function compareAlike(value: unknown, other: EntityScalar, holds: (order: number) => boolean): boolean {
  if (typeof value !== typeof other) return false;
  if (typeof value === 'string') return holds(Buffer.compare(Buffer.from(value), Buffer.from(String(other))));
  return holds(Number(value) - Number(other));
}

function positionOf({ id, data }: EntityRow, order: readonly FieldOrder[]): EntityPosition {
  return { id, keys: order.map(({ field }) => entityKey(fieldOf(data, field))) };
}

function compareRows(row: EntityRow, other: EntityPosition, order: readonly FieldOrder[]): number {
  const { keys } = positionOf(row, order);
  for (const [index, { direction }] of order.entries()) {
    const compared = compareKeys(keys[index] ?? null, other.keys[index] ?? null, direction);
    if (compared !== 0) return compared;
  }
  const ids = Buffer.compare(Buffer.from(row.id), Buffer.from(other.id));
  return order.at(-1)?.direction === 'desc' ? -ids : ids;
}

/** What has no value comes last, whatever the direction. */
function compareKeys(one: Buffer | null, other: Buffer | null, direction: 'asc' | 'desc'): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  return direction === 'asc' ? Buffer.compare(one, other) : Buffer.compare(other, one);
}
