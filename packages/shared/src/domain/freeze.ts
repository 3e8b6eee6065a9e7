import { z } from 'zod';

/** While it stands, no action that it covers is begun: null stands for any operator, connector or tool of the tenant. */
export const freezeSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  operator: z.string().nullable(),
  connector: z.string().nullable(),
  tool: z.string().nullable(),
  reason: z.string(),
  frozen_by: z.string(),
  created_at: z.string(),
  lifted_at: z.string().nullable(),
  lifted_by: z.string().nullable(),
});
export type Freeze = z.infer<typeof freezeSchema>;
