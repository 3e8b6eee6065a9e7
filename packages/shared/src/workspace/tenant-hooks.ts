import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { nameSchema } from '../domain/names.ts';
import type { ActionHookInput } from './action-hook.ts';
import { isAbsent, readDefault } from './files.ts';
import { listTenants } from './tenants.ts';
import { functionSchema } from './tools.ts';
import type { WebhookHookInput } from './webhook-hook.ts';
import { parseValue } from './workspace-error.ts';

export const HOOKS_MAX = 50;
const DELAY_MAX_MS = 3_600_000;

const retrySchema = z.strictObject({
  attempts: z.number().int().min(1).max(50).default(5),
  delayMs: z.number().int().min(10).max(DELAY_MAX_MS).default(1_000),
  maxDelayMs: z.number().int().min(10).max(DELAY_MAX_MS).default(60_000),
});

/** What hooks on webhooks and on actions have alike. */
const common = {
  id: nameSchema,
  priority: z.number().int().min(0).max(100).default(50),
  critical: z.boolean().default(true),
  before: functionSchema.optional(),
  afterTimeoutMs: z.number().int().min(1).max(60_000).default(10_000),
  retry: retrySchema.default(retrySchema.parse({})),
  after: functionSchema.optional(),
};

const webhookHookSchema = z
  .strictObject({
    ...common,
    source: nameSchema.optional(),
    types: z.array(z.string().min(1).max(256)).min(1).max(50).optional(),
    timeoutMs: z.number().int().min(1).max(2_000).default(250),
  })
  .refine(...somethingToRun());

const toolGlob = z.string().min(1).max(128);
const actionHookSchema = z
  .strictObject({
    ...common,
    connector: nameSchema.optional(),
    tools: z.union([toolGlob.transform((glob) => [glob]), z.array(toolGlob).min(1).max(100)]).optional(),
    operator: nameSchema.optional(),
  })
  .refine(...somethingToRun());

const hooksSchema = z.strictObject({
  webhooks: z.array(webhookHookSchema).max(HOOKS_MAX).superRefine(refuseSameIds).default([]),
  actions: z.array(actionHookSchema).max(HOOKS_MAX).superRefine(refuseSameIds).default([]),
});

/** A webhook hook with its defaults filled in. */
export interface WebhookHook
  extends Omit<z.infer<typeof webhookHookSchema>, 'before' | 'after'>,
    Pick<WebhookHookInput, 'before' | 'after'> {}

/** An action hook with its defaults filled in. */
export interface ActionHook
  extends Omit<z.infer<typeof actionHookSchema>, 'before' | 'after'>,
    Pick<ActionHookInput, 'before' | 'after'> {}

export interface TenantHooks {
  readonly webhooks: readonly WebhookHook[];
  readonly actions: readonly ActionHook[];
}

export const hooksFile = (tenant: string): string => `tenants/${tenant}/hooks.ts`;

/** A tenant's hooks, as its file lists them; undefined where it has no such file. Runs the file's code. */
export async function readTenantHooks(dir: string, tenant: string): Promise<TenantHooks | undefined> {
  const file = hooksFile(tenant);
  const found = await readDefault(dir, file);
  return found && (parseValue(file, hooksSchema, found.value) as TenantHooks);
}

/** The tenants that have a file of hooks. Runs nothing of it. */
export async function listTenantsWithHooks(dir: string): Promise<string[]> {
  const tenants = await listTenants(dir);
  const found = await Promise.all(tenants.map((tenant) => isThere(resolve(dir, hooksFile(tenant)))));
  return tenants.filter((_, index) => found[index]);
}

function somethingToRun(): [(hook: { before?: unknown; after?: unknown }) => boolean, string] {
  return [({ before, after }) => before !== undefined || after !== undefined, 'has neither before nor after'];
}

function refuseSameIds(hooks: readonly { readonly id: string }[], ctx: z.RefinementCtx): void {
  const ids = new Set<string>();
  for (const [index, { id }] of hooks.entries()) {
    if (ids.has(id)) ctx.addIssue({ code: 'custom', path: [index, 'id'], message: `${id} stands twice` });
    ids.add(id);
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}
