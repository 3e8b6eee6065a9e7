import type { Question } from '@holdpoint/policy/score/score-question';
import type { Context } from './context.ts';
import { distinctEntities, knownEntities, wantedEntities } from './core/wanted-entities.ts';
import type { TenantSummary } from './scoring/tenant-summary.ts';
import { findEntities } from './store/find-entities.ts';

/** Lines that are to be scored for a tenant. */
interface Asking {
  readonly tenant: string;
  readonly lines: readonly unknown[];
}

/** Of the rules that are to score them, which tools declare an entity. */
interface Declared {
  readonly tenants: ReadonlyMap<string, Pick<TenantSummary, 'entities'>>;
}

/** By the place of who asks; undefined where none of its tools declares an entity. */
export type LookUp = (place: number) => Promise<Question['entities'] | undefined>;

/**
 * Looks up what is known of the entities of many plans' lines, at once. Where nobody's tools declare any, nothing is asked.
 * What cannot be read fails each that wants to know, and nobody else.
 */
export function lookUpEntities({ db }: Pick<Context, 'db'>, book: Declared, asking: readonly Asking[]): LookUp {
  const wanting = asking.flatMap(({ tenant, lines }, place) => {
    const wanted = wantedEntities(lines, book.tenants.get(tenant)?.entities ?? new Map());
    return wanted ? [{ place, tenant, wanted }] : [];
  });
  if (wanting.length === 0) return async () => undefined;
  const found = findEntities(
    db,
    wanting.map(({ tenant, wanted }) => ({ tenant, wanted: distinctEntities(wanted) })),
  );
  // Who wants to know hears of it; where all of them are refused before, nobody does.
  found.catch(() => undefined);
  const nth = new Map(wanting.map(({ place }, index) => [place, index]));
  return async (place) => {
    const index = nth.get(place);
    const wanted = index === undefined ? undefined : wanting[index]?.wanted;
    return index === undefined || !wanted ? undefined : knownEntities(wanted, (await found)[index] ?? []);
  };
}
