import { z } from 'zod';
import { readDefault } from './files.ts';
import { rateSchema } from './sources.ts';
import { listTenants } from './tenants.ts';
import { allOrIssues, parseValue } from './workspace-error.ts';

const tenantLimitsSchema = z.strictObject({
  /** Deliveries of all its sources together: so many a second over time, so many at once. Beyond it 429. */
  deliveries: rateSchema.optional(),
  /** Of the stream of events, which keeps them for seven days. Beyond it 429, until the oldest are gone. */
  eventsMaxBytes: z.number().int().min(1).optional(),
});
export type TenantLimits = z.infer<typeof tenantLimitsSchema>;

/** What each tenant's `limits.ts` says; a tenant without it has none of its own. */
export async function loadTenantLimits(dir: string): Promise<Map<string, TenantLimits>> {
  const tenants = await listTenants(dir);
  const loaded = await allOrIssues(tenants.map((tenant) => readLimits(dir, tenant)));
  return new Map(tenants.map((tenant, index) => [tenant, loaded[index] ?? {}]));
}

async function readLimits(dir: string, tenant: string): Promise<TenantLimits> {
  const file = `tenants/${tenant}/limits.ts`;
  const found = await readDefault(dir, file);
  return found ? parseValue(file, tenantLimitsSchema, found.value) : {};
}
