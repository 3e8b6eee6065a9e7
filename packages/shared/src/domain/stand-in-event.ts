import { z } from 'zod';
import { type EntityReference, type EntitySnapshot, entityIdIn } from './entity.ts';
import { type EventEnvelope, SIGNED } from './event.ts';

/** What may be said of an entity that stands in for what is known: which one it is follows from the action. */
const standInEntitySchema = z.strictObject({
  connector: z.string().optional(),
  name: z.string().optional(),
  id: z.string().optional(),
  data: z.record(z.string(), z.unknown()),
  version: z.string().nullable().optional(),
  seenAt: z.string().optional(),
});
export type StandInEntity = z.infer<typeof standInEntitySchema>;

/** What may be said of an event that stands in for a real one, in a rehearsal or a case. */
export const STAND_IN_EVENT = {
  id: z.string().optional(),
  source: z.string(),
  type: z.string(),
  time: z.string().optional(),
  subject: z.string().optional(),
  signed: z.enum(SIGNED).optional(),
  typeSigned: z.boolean().optional(),
  data: z.unknown().optional(),
  /** Null: nothing is known. */
  entity: standInEntitySchema.nullable().optional(),
} as const;

/** What is not said proves nothing and holds nothing. */
export function standInEnvelope(said: z.infer<z.ZodObject<typeof STAND_IN_EVENT>>): EventEnvelope {
  const { id = '', signed = 'none', typeSigned = false, data = null, entity: _, ...rest } = said;
  return { ...rest, id, signed, typeSigned, data } as EventEnvelope;
}

/** What is not said is as the action's tool would have it; of a tool that declares no entity, what is said is all there is. */
export function standInSnapshot(
  { connector, name, id, data, version = null, seenAt = new Date(0).toISOString() }: StandInEntity,
  line: unknown,
  declared: EntityReference | undefined,
): EntitySnapshot {
  const stated = typeof line === 'object' && line !== null ? (line as Readonly<Record<string, unknown>>) : {};
  return {
    connector: connector ?? String(stated.connector),
    name: name ?? declared?.name ?? '',
    id: id ?? (declared && entityIdIn(stated.args, declared)) ?? '',
    data,
    version,
    seenAt,
  };
}
