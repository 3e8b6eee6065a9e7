import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { nameSchema } from '../domain/names.ts';
import { isAbsent, readDefault } from './files.ts';
import { listTenants } from './tenants.ts';
import { functionSchema } from './tools.ts';
import type { WebhookHookInput } from './webhook-hook.ts';
import { parseValue, WorkspaceError } from './workspace-error.ts';

export const HOOKS_MAX = 50;
const DELAY_MAX_MS = 3_600_000;

const retrySchema = z.strictObject({
  attempts: z.number().int().min(1).max(50).default(5),
  delayMs: z.number().int().min(10).max(DELAY_MAX_MS).default(1_000),
  maxDelayMs: z.number().int().min(10).max(DELAY_MAX_MS).default(60_000),
});

const webhookHookSchema = z
  .strictObject({
    id: nameSchema,
    source: nameSchema.optional(),
    types: z.array(z.string().min(1).max(256)).min(1).max(50).optional(),
    priority: z.number().int().min(0).max(100).default(50),
    critical: z.boolean().default(true),
    timeoutMs: z.number().int().min(1).max(2_000).default(250),
    before: functionSchema.optional(),
    afterTimeoutMs: z.number().int().min(1).max(60_000).default(10_000),
    retry: retrySchema.default(retrySchema.parse({})),
    after: functionSchema.optional(),
  })
  .refine(({ before, after }) => before || after, 'has neither before nor after');

const hooksSchema = z.strictObject({
  webhooks: z.array(webhookHookSchema).max(HOOKS_MAX).superRefine(refuseSameIds).default([]),
});

/** A webhook hook with its defaults filled in. */
export interface WebhookHook
  extends Omit<z.infer<typeof webhookHookSchema>, 'before' | 'after'>,
    Pick<WebhookHookInput, 'before' | 'after'> {}

export const hooksFile = (tenant: string): string => `tenants/${tenant}/hooks.ts`;

/** A tenant's webhook hooks, as its file lists them; undefined where it has no such file. Runs the file's code. */
export async function readTenantHooks(dir: string, tenant: string): Promise<readonly WebhookHook[] | undefined> {
  const file = hooksFile(tenant);
  const found = await readDefault(dir, file);
  if (!found) return undefined;
  refuseActionHooks(file, found.value);
  return parseValue(file, hooksSchema, found.value).webhooks as readonly WebhookHook[];
}

/** The tenants that have a file of hooks. Runs nothing of it. */
export async function listTenantsWithHooks(dir: string): Promise<string[]> {
  const tenants = await listTenants(dir);
  const found = await Promise.all(tenants.map((tenant) => isThere(resolve(dir, hooksFile(tenant)))));
  return tenants.filter((_, index) => found[index]);
}

/** An action hook may forbid. Until they run, a file with one is refused: passing over it would permit what it forbids. */
function refuseActionHooks(file: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || !('actions' in value)) return;
  const listed = Array.isArray(value.actions) ? (value.actions as readonly unknown[]) : [value.actions];
  const issues = listed.map((hook, index) => {
    const id = (hook as { id?: unknown } | null)?.id;
    const name = typeof id === 'string' ? `the action hook ${id.slice(0, 64)}` : 'an action hook';
    return {
      file,
      path: `actions.${index}`,
      reason: `${name} is not run by this version; only webhooks have hooks yet`,
    };
  });
  if (issues.length > 0) throw new WorkspaceError(issues);
  throw new WorkspaceError([{ file, path: 'actions', reason: 'action hooks are not run by this version' }]);
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
