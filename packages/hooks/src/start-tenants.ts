import { allOrIssues, WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';

/** Each has up to two threads in a service, of some 30 MiB. */
const TENANTS_MAX = 50;
/** Started at a time. */
const STARTS_MAX = 4;

/** Starts what each tenant with hooks needs. Where one does not start, none runs. @throws WorkspaceError with all that is wrong */
export async function startTenants<Lanes extends { stop(): Promise<unknown> }>(
  tenants: readonly string[],
  start: (tenant: string) => Promise<Lanes>,
): Promise<Map<string, Lanes>> {
  if (tenants.length > TENANTS_MAX) {
    const reason = `${tenants.length} tenants have hooks; at most ${TENANTS_MAX}`;
    throw new WorkspaceError([{ file: 'tenants', path: '', reason }]);
  }
  const started = new Map<string, Lanes>();
  try {
    for (let from = 0; from < tenants.length; from += STARTS_MAX) {
      const some = tenants.slice(from, from + STARTS_MAX);
      await allOrIssues(some.map(async (tenant) => started.set(tenant, await start(tenant))));
    }
  } catch (error) {
    await Promise.all([...started.values()].map((lanes) => lanes.stop()));
    throw error;
  }
  return started;
}
