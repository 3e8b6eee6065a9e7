import { z } from 'zod';
import { sha256 } from './digest.ts';
import type { EntitySnapshot } from './entity.ts';
import type { EventId } from './ids.ts';
import { nameSchema } from './names.ts';

/** What a provider's signature covered. A policy may ask for more than `body`. */
export const SIGNED = ['id-time-body', 'time-body', 'body', 'url-body', 'none'] as const;
export type Signed = (typeof SIGNED)[number];

/** The event behind a plan, as policies see it (the seed's EventEnvelope). */
export interface EventEnvelope {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time?: string;
  readonly subject?: string;
  readonly signed: Signed;
  readonly typeSigned: boolean;
  readonly rootId?: string;
  /** What the tenant's hooks have added to it. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** The parsed payload, at most 256 KiB of it; null where there is none or it is not JSON. */
  readonly data: unknown;
  /** SHA-256 of the payload's bytes. */
  readonly digest?: string;
  /** What is known of the entity that the action is about; null: nothing. Absent where its tool declares none. */
  readonly entity?: EntitySnapshot | null;
}

/** What stands behind a plan that names no event. */
export function operatorEnvelope(operator: string): EventEnvelope {
  return { id: '', source: `operator:${operator}`, type: 'plan', signed: 'none', typeSigned: false, data: null };
}

const TYPE_MAX_BYTES = 64;
const PLAIN = /^[A-Za-z0-9_-]$/;

/**
 * An event's type as one subject token of at most 64 bytes of `[A-Za-z0-9_-]` and `=`. Anything else is escaped byte by
 * byte as `=HH`; `=` itself is outside the plain set, so no two types share a token. A longer one is cut and ends in `=h`
 * and a hash of the whole, which no escape looks like. A missing type is `unknown`.
 */
export function encodeType(type: string | undefined): string {
  if (!type) return 'unknown';
  let token = '';
  for (const char of type.toWellFormed()) {
    if (PLAIN.test(char)) token += char;
    else for (const byte of Buffer.from(char)) token += `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  if (token.length <= TYPE_MAX_BYTES) return token;
  const hash = sha256(type).slice(0, 32);
  return `${token.slice(0, TYPE_MAX_BYTES - 2 - hash.length).replace(/=.?$/, '')}=h${hash}`;
}

/** What the dedupe key is made from, in the order of trust. Semantics §2. */
export type KeyFrom = 'id' | 'id+body' | 'type+body';

/**
 * The last token of an event's subject. A signed id is the key by itself; an unsigned one proves nothing, so the body (and
 * the type, since one body may come under several topics) is.
 */
export function eventKey(
  from: KeyFrom,
  facts: { deliveryId: string | undefined; type: string | undefined; bodyDigest: string },
): string {
  const id = facts.deliveryId ?? '';
  const parts =
    from === 'id' && id
      ? ['id', id]
      : from === 'id+body' && id
        ? ['id+body', id, facts.bodyDigest]
        : ['type+body', facts.type ?? 'unknown', facts.bodyDigest];
  return sha256(JSON.stringify(parts)).slice(0, 40);
}

const EVENT_ID_PATTERN = /^([a-z0-9][a-z0-9_-]{0,62})\.([A-Za-z0-9_=-]{1,64})\.([A-Za-z0-9_-]{1,64})$/;

export const eventIdSchema = z
  .string()
  .regex(EVENT_ID_PATTERN, 'must be <source>.<type>.<key>, as an accepted webhook was answered')
  .transform((id) => id as EventId);

export function eventId(source: string, type: string | undefined, key: string): EventId {
  return `${nameSchema.parse(source)}.${encodeType(type)}.${key}` as EventId;
}

/** The parts that an event's id encodes. */
export function parseEventId(id: EventId): { source: string; typeToken: string; key: string } {
  const [source, typeToken, key] = id.split('.') as [string, string, string];
  return { source, typeToken, key };
}

/** An event as `GET /v1/events` shows it. */
export const eventSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  source: z.string(),
  type: z.string(),
  time: z.string(),
  signed: z.enum(SIGNED),
  type_signed: z.boolean(),
  delivery_id: z.string().nullable(),
  root_id: z.string(),
  annotations: z.record(z.string(), z.string()).optional(),
  size: z.number(),
  data: z.unknown().optional(),
});
export type Event = z.infer<typeof eventSchema>;
