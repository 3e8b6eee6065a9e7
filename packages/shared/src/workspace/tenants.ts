import { listFolders } from './files.ts';

export const TENANTS_MAX = 1000;

/** The tenants of a workspace, sorted: one folder each under `tenants/`. */
export async function listTenants(dir: string): Promise<string[]> {
  return listFolders(dir, 'tenants', TENANTS_MAX);
}
