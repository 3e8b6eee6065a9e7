import { z } from 'zod';
import { nameSchema, toolNameSchema } from '../domain/names.ts';
import { readDefault } from './files.ts';
import { resolveSecrets, type SecretEnvironment, secretValueSchema } from './secrets.ts';
import { listTenants } from './tenants.ts';
import { listConnectors } from './tools.ts';
import { allOrIssues, parseValue, WorkspaceError } from './workspace-error.ts';

export const PERMISSION_MODES = ['open', 'cautious', 'strict', 'readonly'] as const;

const permissionsSchema = z.strictObject({
  mode: z.enum(PERMISSION_MODES),
  overrides: z.record(toolNameSchema, z.enum(['allow', 'approve', 'deny'])).optional(),
});
export type Permissions = z.infer<typeof permissionsSchema>;

const connectorSchema = z.strictObject({
  permissions: permissionsSchema.optional(),
  credentials: z.record(z.string().min(1).max(128), secretValueSchema).optional(),
  /** Plain data for the connector. References to the environment may stand in it too. */
  config: z.record(z.string(), z.unknown()).optional(),
  /** `private`: it may call addresses that are not public, such as those of the machines around it. */
  network: z.strictObject({ private: z.boolean() }).optional(),
});

const connectorsSchema = z.record(nameSchema, connectorSchema);
export type TenantConnectorsInput = z.input<typeof connectorsSchema>;

/** What one tenant gives one connector, with its secrets resolved. */
export interface TenantConnector {
  readonly credentials: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, unknown>>;
  readonly network?: { readonly private: boolean };
}

/** Tenant → connector → credentials and config. A connector that a tenant has not is not there. */
export type TenantConnectors = Map<string, Map<string, TenantConnector>>;

/** Every tenant's connectors with their credentials. Only the executor calls this. */
export async function loadTenantConnectors(dir: string, env: SecretEnvironment): Promise<TenantConnectors> {
  const tenants = await listTenants(dir);
  const known = await listConnectors(dir);
  const loaded = await allOrIssues(tenants.map((tenant) => loadOne(dir, tenant, known, env)));
  return new Map(tenants.map((tenant, index) => [tenant, loaded[index] ?? new Map()]));
}

async function loadOne(
  dir: string,
  tenant: string,
  known: readonly string[],
  env: SecretEnvironment,
): Promise<Map<string, TenantConnector>> {
  const own = await readTenantConnectors(dir, tenant, known);
  const bare = Object.entries(own).map(([name, { credentials = {}, config = {}, network }]) => [
    name,
    { credentials, config, ...(network && { network }) },
  ]);
  const resolved = resolveSecrets<Record<string, TenantConnector>>(fileOf(tenant), Object.fromEntries(bare), env);
  return new Map(Object.entries(resolved));
}

/** What `connectors.ts` says, secrets unresolved. Absent: all connectors, with nothing given to them. */
export async function readTenantConnectors(
  dir: string,
  tenant: string,
  known: readonly string[],
): Promise<Record<string, z.infer<typeof connectorSchema>>> {
  const file = fileOf(tenant);
  const found = await readDefault(dir, file);
  if (!found) return Object.fromEntries(known.map((name) => [name, {}]));
  const connectors = parseValue(file, connectorsSchema, found.value);
  const strangers = Object.keys(connectors).filter((name) => !known.includes(name));
  if (strangers.length === 0) return connectors;
  throw new WorkspaceError(strangers.map((path) => ({ file, path, reason: `there is no connectors/${path}` })));
}

const fileOf = (tenant: string): string => `tenants/${tenant}/connectors.ts`;
