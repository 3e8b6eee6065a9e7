import { z } from 'zod';
import { nameSchema } from '../domain/names.ts';
import { readDefault } from './files.ts';
import { resolveSecrets, type SecretEnvironment, secretValueSchema } from './secrets.ts';
import { listTenants } from './tenants.ts';
import { allOrIssues, parseValue, WorkspaceError, type WorkspaceIssue } from './workspace-error.ts';

export const SOURCES_MAX = 200;
export const BODY_MAX_BYTES = 25 * 1024 * 1024;

/** So many a second over time, so many at once. */
export const rateSchema = z.strictObject({
  perSecond: z.number().positive().max(100_000),
  burst: z.number().int().min(1).max(1_000_000),
});

/** One webhook endpoint of a tenant as `sources.ts` writes it. Whether the provider exists is ingest's to say. */
export const sourceSchema = z.strictObject({
  id: nameSchema,
  provider: nameSchema,
  /** Several while a secret is being rotated: any of them may have signed. */
  secrets: z.array(secretValueSchema).min(1).max(10),
  toleranceSeconds: z.number().int().min(1).max(86_400).optional(),
  bodyMaxBytes: z.number().int().min(1).max(BODY_MAX_BYTES).optional(),
  dedupe: z.enum(['id', 'id+body', 'type+body']).optional(),
  /** The URL as the provider calls it, for signatures that cover it. */
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** With `subscription`: also reached under `/agents/<agent>/subscriptions/<subscription>`. */
  agent: nameSchema.optional(),
  subscription: nameSchema.optional(),
  /** What one provider alone understands; its folder in ingest has the schema. May hold secret references. */
  options: z.record(z.string(), z.unknown()).optional(),
  /** What an accepted delivery is answered, for a sender that is particular; unless told, 202 and the event's id as JSON. */
  response: z
    .strictObject({
      status: z.number().int().min(200).max(299).default(200),
      contentType: z
        .string()
        .regex(/^[\x20-\x7e]{1,128}$/)
        .default('text/plain'),
      body: z.string().max(4096).default(''),
    })
    .optional(),
  /** The only addresses and networks (CIDR) that may deliver; behind a proxy only as `trustProxy` allows. */
  allowFrom: z
    .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
    .min(1)
    .max(200)
    .optional(),
  /** Deliveries this source takes. Beyond it 429. */
  rateLimit: rateSchema.optional(),
});
export type SourceInput = z.input<typeof sourceSchema>;

/** A source with its secrets resolved. */
export type SourceDefinition = Omit<z.infer<typeof sourceSchema>, 'secrets'> & { readonly secrets: readonly string[] };

const sourcesSchema = z.array(sourceSchema).max(SOURCES_MAX).superRefine(refuseAmbiguity);

/** Every tenant's sources; a tenant without `sources.ts` has none. Only ingest calls this: it resolves the secrets. */
export async function loadSources(dir: string, env: SecretEnvironment): Promise<Map<string, SourceDefinition[]>> {
  const tenants = await listTenants(dir);
  const loaded = await allOrIssues(tenants.map((tenant) => loadTenantSources(dir, tenant, env)));
  const sources = new Map(tenants.map((tenant, index) => [tenant, loaded[index] ?? []]));
  refuseSharedSubscriptions(sources);
  return sources;
}

async function loadTenantSources(dir: string, tenant: string, env: SecretEnvironment): Promise<SourceDefinition[]> {
  const file = sourcesFile(tenant);
  const found = await readDefault(dir, file);
  if (!found) return [];
  return resolveSecrets<SourceDefinition[]>(file, parseValue(file, sourcesSchema, found.value), env);
}

function refuseAmbiguity(sources: readonly z.infer<typeof sourceSchema>[], ctx: z.RefinementCtx): void {
  const ids = new Set<string>();
  for (const [index, source] of sources.entries()) {
    if (ids.has(source.id)) ctx.addIssue({ code: 'custom', path: [index, 'id'], message: `${source.id} stands twice` });
    ids.add(source.id);
    if ((source.agent === undefined) === (source.subscription === undefined)) continue;
    ctx.addIssue({ code: 'custom', path: [index], message: 'agent and subscription go together' });
  }
}

/** `/agents/<agent>/subscriptions/<id>` names no tenant, so that no two sources of a workspace may share one. */
function refuseSharedSubscriptions(sources: ReadonlyMap<string, readonly SourceDefinition[]>): void {
  const owners = new Map<string, string>();
  const issues: WorkspaceIssue[] = [];
  for (const [tenant, list] of sources) {
    for (const [index, { agent, subscription }] of list.entries()) {
      if (agent === undefined || subscription === undefined) continue;
      const route = `${agent}/${subscription}`;
      const owner = owners.get(route);
      if (owner === undefined) owners.set(route, sourcesFile(tenant));
      else {
        const reason = `agent ${agent} has its subscription ${subscription} in ${owner} already`;
        issues.push({ file: sourcesFile(tenant), path: `${index}.subscription`, reason });
      }
    }
  }
  if (issues.length > 0) throw new WorkspaceError(issues);
}

const sourcesFile = (tenant: string): string => `tenants/${tenant}/sources.ts`;
