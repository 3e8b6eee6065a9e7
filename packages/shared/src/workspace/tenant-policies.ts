import { realpath } from 'node:fs/promises';
import { z } from 'zod';
import { nameSchema } from '../domain/names.ts';
import {
  audienceSchema,
  escalationDefaultsSchema,
  policyEscalationSchema,
  type TrustPolicy,
  trustPolicySchema,
} from '../domain/policy.ts';
import type { Grant } from '../domain/tool.ts';
import { readDefault } from './files.ts';
import { watchImports, withImports } from './import-graph.ts';
import { type Permissions, readTenantConnectors } from './tenant-connectors.ts';
import { type ActionHook, hooksFile, readTenantHooks } from './tenant-hooks.ts';
import { listTenants } from './tenants.ts';
import { listConnectors, toolsFile } from './tools.ts';
import { hashFiles } from './version.ts';
import { allOrIssues, parseValue, WorkspaceError } from './workspace-error.ts';

export const POLICIES_MAX = 10_000;
export const GRANTS_MAX = 1000;
const APPROVAL_RULES_MAX = 500;

/** What `policies.ts` exports, and a candidate for its place. */
export const policiesSchema = z.array(trustPolicySchema).max(POLICIES_MAX);

/** `<connector>:<tool>`, either with `*`. */
const grantToolSchema = z
  .string()
  .regex(/^[a-z0-9_*-]{1,63}:[A-Za-z0-9_.*-]{1,64}$/, 'must be <connector>:<tool>, for example shop:orders.*');

const grantSchema = z.strictObject({
  operator: nameSchema,
  tools: z.array(grantToolSchema).max(500),
  sources: z.array(nameSchema).max(200).optional(),
});

const grantsSchema = z.array(grantSchema).max(GRANTS_MAX);

const approvalRuleSchema = z.strictObject({
  pattern: z.string().min(1).max(128),
  audience: audienceSchema,
  reason: z.string().min(1).max(1024).optional(),
  ttlSeconds: policyEscalationSchema.shape.ttlSeconds,
});
export type ApprovalRule = z.infer<typeof approvalRuleSchema>;

const escalationsSchema = z.strictObject({
  audiences: z.record(audienceSchema, escalationDefaultsSchema.omit({ audience: true })).optional(),
  approvalRules: z.array(approvalRuleSchema).max(APPROVAL_RULES_MAX).optional(),
  defaults: escalationDefaultsSchema.optional(),
});
export type EscalationsInput = z.input<typeof escalationsSchema>;

type PolicyEscalation = NonNullable<TrustPolicy['escalation']>;

export interface EscalationDefaults {
  readonly audience: string;
  readonly quorum: number;
  readonly ttlSeconds: number;
  readonly mode: 'hold' | 'alongside';
  readonly selfApproval: boolean;
  readonly denials?: PolicyEscalation['denials'];
  readonly remindEverySeconds?: PolicyEscalation['remindEverySeconds'];
  readonly escalateTo?: PolicyEscalation['escalateTo'];
  readonly refuseUnverified?: boolean | undefined;
}

/** What an ALERT asks for where nothing says otherwise. */
export const ESCALATION_DEFAULTS: EscalationDefaults = {
  audience: 'reviewer',
  quorum: 1,
  ttlSeconds: 24 * 3600,
  mode: 'hold',
  selfApproval: false,
};

export interface Escalations {
  readonly defaults: EscalationDefaults;
  /** What an audience asks for where its policy does not say: by audience, over `defaults`. */
  readonly audiences: Readonly<Record<string, Partial<Omit<EscalationDefaults, 'audience'>>>>;
  /** Sugar, to be compiled into ALERT policies. */
  readonly approvalRules: readonly ApprovalRule[];
}

/** All that decides what a tenant's operators may do. */
export interface TenantPolicies {
  readonly tenant: string;
  readonly policies: readonly TrustPolicy[];
  /** Absent: the tenant declares no grants, and every operator may propose every tool. */
  readonly grants?: readonly Grant[];
  readonly escalations: Escalations;
  /** Sugar, to be compiled into policies: by connector. */
  readonly permissions: Readonly<Record<string, Permissions>>;
  /** The connectors that the tenant has. */
  readonly connectors: readonly string[];
  /** On actions; webhook hooks are ingest's and have no say here. */
  readonly hooks: readonly ActionHook[];
  /** `p-` and the hash of the files that decide, what they import of the workspace included. */
  readonly version: string;
}

/** Every tenant's policies. Resolves no secret, so that every service may call it. */
export async function loadTenantPolicies(dir: string): Promise<Map<string, TenantPolicies>> {
  watchImports();
  const tenants = await listTenants(dir);
  const connectors = await listConnectors(dir);
  const loaded = await allOrIssues(tenants.map((tenant) => loadPolicies(dir, tenant, connectors)));
  if (!loaded.some(({ policies, permissions }) => policies.length > 0 || Object.keys(permissions).length > 0)) {
    throw new WorkspaceError([{ file: 'tenants', path: '', reason: 'no tenant has policies' }]);
  }
  return new Map(loaded.map((policies) => [policies.tenant, policies]));
}

async function loadPolicies(dir: string, tenant: string, connectors: readonly string[]): Promise<TenantPolicies> {
  const folder = `tenants/${tenant}`;
  const [hooks, policies = [], grants, escalations = {}, own] = await allOrIssues([
    readTenantHooks(dir, tenant),
    read(dir, `${folder}/policies.ts`, policiesSchema),
    read(dir, `${folder}/grants.ts`, grantsSchema),
    read(dir, `${folder}/escalations.ts`, escalationsSchema),
    readTenantConnectors(dir, tenant, connectors),
  ]);
  const actionHooks = hooks?.actions ?? [];
  refuseUnknownConnectors(tenant, actionHooks, Object.keys(own));
  const permissions = Object.entries(own).flatMap(([name, connector]) =>
    connector.permissions ? [[name, connector.permissions] as const] : [],
  );
  return {
    tenant,
    policies,
    ...(grants && { grants: grants.map(({ sources, ...grant }) => (sources ? { ...grant, sources } : grant)) }),
    escalations: {
      defaults: { ...ESCALATION_DEFAULTS, ...stated(escalations.defaults ?? {}) },
      audiences: Object.fromEntries(Object.entries(escalations.audiences ?? {}).map(([id, own]) => [id, stated(own)])),
      approvalRules: escalations.approvalRules ?? [],
    },
    permissions: Object.fromEntries(permissions),
    connectors: Object.keys(own),
    hooks: actionHooks,
    version: await policyVersion(dir, tenant, connectors, actionHooks),
  };
}

/** A hook that is never asked permits what it was to refuse. */
function refuseUnknownConnectors(tenant: string, hooks: readonly ActionHook[], connectors: readonly string[]): void {
  const issues = hooks.flatMap(({ id, connector }, index) => {
    if (connector === undefined || connectors.includes(connector)) return [];
    const reason = `${id}: the tenant has no connector ${connector}`;
    return [{ file: hooksFile(tenant), path: `actions.${index}.connector`, reason }];
  });
  if (issues.length > 0) throw new WorkspaceError(issues);
}

async function read<T>(dir: string, file: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const found = await readDefault(dir, file);
  return found && parseValue(file, schema, found.value);
}

/** Without the members that are present but undefined: those say nothing and must not win over a default. */
function stated<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Changes with every byte of a file that has a say in the tenant's decisions, and with nothing else. */
async function policyVersion(
  dir: string,
  tenant: string,
  connectors: readonly string[],
  hooks: readonly ActionHook[],
): Promise<string> {
  const files = [
    ...connectors.map(toolsFile),
    ...['connectors', 'escalations', 'grants', 'policies'].map((name) => `tenants/${tenant}/${name}.ts`),
    ...(hooks.some(({ before }) => before) ? [hooksFile(tenant)] : []),
  ];
  const real = await realpath(dir);
  // What tools import is known once they are loaded; what is wrong with them is said by who loads them for their own sake.
  await Promise.all(connectors.map((connector) => readDefault(dir, toolsFile(connector)).catch(() => undefined)));
  return `p-${(await hashFiles(real, withImports(real, files))).slice(0, 16)}`;
}
