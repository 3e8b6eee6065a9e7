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

/** A limit that something uses, as people see it. */
export const limitInUseSchema = z.object({
  policy: z.string(),
  by: z.enum(LIMIT_DIMENSIONS),
  who: z.string(),
  /** Whether a policy of now still has this limit; else nothing is held to it. */
  in_force: z.boolean(),
  /** Actions that are open, or were applied in the window. */
  used_count: z.number().int(),
  count: z.number().int().optional(),
  /** Their value: decimal text, exact. */
  used_total: z.string(),
  total: z.number().optional(),
  /** Those of them that are not applied yet: they count until they end, however long they wait. */
  open_count: z.number().int(),
  per_seconds: z.number().int(),
  /** When the first of what was applied leaves the window; absent where nothing was. */
  releases_at: z.string().optional(),
});
export type LimitInUse = z.infer<typeof limitInUseSchema>;
