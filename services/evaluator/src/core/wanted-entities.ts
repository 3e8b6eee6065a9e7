import { plainJson } from '@holdpoint/policy/decide/plain-json';
import type { KnownEntity } from '@holdpoint/policy/score/score-question';
import { type EntityReference, entityIdIn, SNAPSHOTS_MAX_BYTES } from '@holdpoint/shared/domain/entity';

/** `<connector> <tool>` → the entity that it declares. */
export type DeclaredEntities = ReadonlyMap<string, EntityReference>;

export interface WantedEntity {
  readonly connector: string;
  readonly name: string;
  readonly id: string;
}

/** By the place of the line: which entity is to be looked up for it. Null: its arguments hold no id. undefined: its tool declares none. */
export type WantedEntities = readonly (WantedEntity | null | undefined)[];

/** What the store holds of an entity; without `data` where that would be more than one plan's lines are shown. */
export interface FoundEntity extends WantedEntity {
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly version: string | null;
  readonly seenAt: string;
}

/** What the lines of a plan are about, by the arguments as they were proposed. undefined where no tool declares an entity. */
export function wantedEntities(lines: readonly unknown[], declared: DeclaredEntities): WantedEntities | undefined {
  if (declared.size === 0) return undefined;
  const wanted = lines.map((line) => {
    const reference = declaredOf(line, declared);
    if (reference === undefined) return undefined;
    const { connector, args } = line as { readonly connector: string; readonly args?: unknown };
    const id = entityIdIn(args, reference);
    return id === null ? null : { connector, name: reference.name, id };
  });
  return wanted.some((one) => one !== undefined) ? wanted : undefined;
}

/** What the tool of a line declares that nobody parsed yet. */
export function declaredOf(line: unknown, declared: DeclaredEntities | undefined): EntityReference | undefined {
  if (typeof line !== 'object' || line === null) return undefined;
  const { connector, tool } = line as { readonly connector?: unknown; readonly tool?: unknown };
  // Only texts: what else is proposed here may throw where it is made one.
  if (typeof connector !== 'string' || typeof tool !== 'string') return undefined;
  return declared?.get(`${connector} ${tool}`);
}

/** Each once, in the order of the lines. */
export function distinctEntities(wanted: WantedEntities): WantedEntity[] {
  return [...new Map(wanted.flatMap((one) => (one ? [[keyOf(one), one] as const] : []))).values()];
}

/** What each line is scored with. */
export function knownEntities(
  wanted: WantedEntities,
  found: readonly FoundEntity[],
): readonly (KnownEntity | undefined)[] {
  const known = new Map(found.map((one) => [keyOf(one), one]));
  return wanted.map((one) => {
    if (one === undefined) return undefined;
    const entity = one && known.get(keyOf(one));
    return entity ? toKnown(entity) : { ok: true, snapshot: null };
  });
}

function toKnown({ data, ...entity }: FoundEntity): KnownEntity {
  const of = `what is known of ${entity.connector} ${entity.name} ${entity.id}`;
  if (data === null) {
    const reason = `${of} is beyond the ${SNAPSHOTS_MAX_BYTES} bytes that one plan is shown: propose its lines in several plans`;
    return { ok: false, reason };
  }
  // What cannot be recorded as it is must not decide: scoring again would see something else.
  const plain = plainJson(data);
  if (plain.ok) return { ok: true, snapshot: { ...entity, data: plain.value as Record<string, unknown> } };
  return { ok: false, reason: `${of} cannot be shown: ${['data', ...plain.path].join('.')}: ${plain.reason}` };
}

const keyOf = ({ connector, name, id }: WantedEntity): string => JSON.stringify([connector, name, id]);
