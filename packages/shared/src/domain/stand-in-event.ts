import { z } from 'zod';
import { type EventEnvelope, SIGNED } from './event.ts';

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
} as const;

/** What is not said proves nothing and holds nothing. */
export function standInEnvelope(said: z.infer<z.ZodObject<typeof STAND_IN_EVENT>>): EventEnvelope {
  const { id = '', signed = 'none', typeSigned = false, data = null, ...rest } = said;
  return { ...rest, id, signed, typeSigned, data } as EventEnvelope;
}
