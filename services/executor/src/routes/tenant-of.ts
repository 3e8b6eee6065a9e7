import type { Principal } from '@holdpoint/shared/runtime/auth';

/** Whose rows a principal may see by id: its tenant's; a platform admin anybody's. */
export function tenantOf(principal: Principal): string | undefined {
  return principal.scopes.has('platform') ? undefined : principal.tenant;
}
