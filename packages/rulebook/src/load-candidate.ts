import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { compileTenant, type TenantRules } from '@holdpoint/policy/compile/tenant-rules';
import { digestOf } from '@holdpoint/shared/domain/digest';
import type { TrustPolicy } from '@holdpoint/shared/domain/policy';
import { FILE_MAX_BYTES, isAbsent, readDefault } from '@holdpoint/shared/workspace/files';
import { loadTenantPolicies, policiesSchema } from '@holdpoint/shared/workspace/tenant-policies';
import { loadTools } from '@holdpoint/shared/workspace/tools';
import { hashFiles } from '@holdpoint/shared/workspace/version';
import { parseValue, WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';

export interface CandidateOptions {
  readonly workspaceDir: string;
  readonly tenant: string;
  /** A `.ts`, `.js` or `.mjs` file that exports policies as default, functions included; or `.json`, an array of them. */
  readonly file: string;
}

/**
 * A tenant's rules with a file's policies in place of its `policies.ts`; its grants, permissions, escalations and tools are
 * the workspace's. The version tells the two apart: `c-` and a hash of both. Runs the file's code in this thread, which keeps
 * what it imported.
 * @throws WorkspaceError where the file, the tenant or the workspace cannot be used; PolicyCompileError
 */
export async function loadCandidate({ workspaceDir, tenant, file }: CandidateOptions): Promise<TenantRules> {
  const [tenants, tools, policies] = await Promise.all([
    loadTenantPolicies(workspaceDir),
    loadTools(workspaceDir),
    loadPoliciesFile(file),
  ]);
  const own = tenants.get(tenant);
  if (own === undefined) {
    throw new WorkspaceError([{ file: `tenants/${tenant}`, path: '', reason: 'there is no such tenant' }]);
  }
  const bytes = await hashFiles(dirname(file), [basename(file)]);
  const version = `c-${digestOf([own.version, bytes]).slice(0, 16)}`;
  return compileTenant({ ...own, policies, version }, tools);
}

/** The policies that a file holds, as they are written. @throws WorkspaceError */
export async function loadPoliciesFile(file: string): Promise<readonly TrustPolicy[]> {
  const path = resolve(file);
  const found = path.endsWith('.json') ? await readJson(path, file) : await readDefault(dirname(path), basename(path));
  if (found === undefined) throw new WorkspaceError([{ file, path: '', reason: 'is missing' }]);
  return parseValue(file, policiesSchema, found.value);
}

async function readJson(path: string, file: string): Promise<{ readonly value: unknown } | undefined> {
  const refuse = (reason: string) => new WorkspaceError([{ file, path: '', reason }]);
  try {
    const { size } = await stat(path);
    if (size > FILE_MAX_BYTES) throw refuse(`${size} bytes; at most ${FILE_MAX_BYTES}`);
    return { value: JSON.parse(await readFile(path, 'utf8')) };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    if (error instanceof SyntaxError) throw refuse(`is not JSON: ${error.message}`);
    throw error;
  }
}
