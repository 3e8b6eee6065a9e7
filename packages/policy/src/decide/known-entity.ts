import { type EntitySnapshot, entityIdIn } from '@holdpoint/shared/domain/entity';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { Tool } from '@holdpoint/shared/domain/tool';
import type { PreparedLine } from './prepare.ts';

/** Where a tool declares an entity and nothing is told of it, nothing is known: absent is for tools that declare none. */
export function showEntity(env: EventEnvelope, { entity }: Tool): EventEnvelope {
  return entity === undefined || env.entity !== undefined ? env : { ...env, entity: null };
}

/**
 * Why what was shown is not of the entity that the action is about; undefined where it is. It was looked up by the arguments as
 * proposed: a hook or a schema that makes another id of them makes it somebody else's, also where nothing was known.
 */
export function entityMismatch(
  line: unknown,
  { connector, args }: PreparedLine,
  { entity: declared }: Tool,
  known: EntitySnapshot | null | undefined,
): string | undefined {
  if (declared === undefined) return undefined;
  const proposed = entityIdIn((line as { readonly args?: unknown }).args, declared);
  const id = entityIdIn(args, declared);
  const name = `${connector} ${declared.name}`;
  if (proposed !== id) {
    return `the id of its entity was proposed as ${proposed ?? 'no id'} and is ${id ?? 'no id'} now: what is known of ${name} is not of that`;
  }
  if (!known || (known.connector === connector && known.name === declared.name && known.id === id)) return undefined;
  return `what was known is of ${known.connector} ${known.name} ${known.id}, and the action is about ${name} ${id ?? 'without an id'}`;
}
