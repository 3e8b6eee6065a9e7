import { z } from 'zod';
import { LIMIT_DIMENSIONS } from './policy.ts';

/** What one permitted action asks of one policy's limit. Semantics §1, Limits. */
export const reservationSchema = z.object({
  policy: z.string(),
  /** Whose usage it adds to: the policy and one value of the dimension. Within a tenant no two share a key. */
  key: z.string(),
  by: z.enum(LIMIT_DIMENSIONS),
  /** The value of the dimension: an entity key, an operator, `<connector> <tool>`; empty by tenant. */
  who: z.string(),
  /** What it adds to the total: the action's value, 0 where it has none. */
  amount: z.number(),
  /** At most so many actions in the window. */
  count: z.number().int().optional(),
  /** At most so much value in the window. */
  total: z.number().optional(),
  per_seconds: z.number().int(),
});
export type Reservation = z.infer<typeof reservationSchema>;
