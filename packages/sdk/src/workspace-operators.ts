import { eventSubjects } from '@holdpoint/shared/messages/subjects';
import type { OperatorReading } from '@holdpoint/shared/runtime/prepare-nats';
import { loadTenantPolicies } from '@holdpoint/shared/workspace/tenant-policies';
import { subscribedSubjects } from './operator.ts';
import { loadOperators } from './start-operators.ts';

/**
 * Every operator that a workspace knows, sorted: those in `operators/`, and those that only a tenant's grants name. The former read
 * what they say, the latter the sources of their grants. `tenant`: of the operators whose definition names none.
 */
export async function workspaceOperators(dir: string, tenant: string | undefined): Promise<OperatorReading[]> {
  const found = new Map<string, OperatorReading>();
  const add = (reading: OperatorReading) => {
    const key = `${reading.tenant}=${reading.name}`;
    if (!found.has(key)) found.set(key, reading);
  };
  for (const { name, tenant: own = tenant, events } of await loadOperators(dir)) {
    if (own === undefined) throw new Error(`operator ${name} names no tenant: add --tenant`);
    add({ tenant: own, name, subjects: subscribedSubjects(own, events) });
  }
  for (const [of, { grants = [] }] of await loadTenantPolicies(dir)) {
    for (const { operator } of grants) {
      const all = grants.filter((grant) => grant.operator === operator).map(({ sources }) => sources);
      const subjects = all.every((sources) => sources !== undefined)
        ? [...new Set(all.flat())].sort().map((source) => eventSubjects(of, source))
        : [eventSubjects(of)];
      add({ tenant: of, name: operator, subjects });
    }
  }
  return [...found.values()].sort((a, b) => (`${a.tenant}=${a.name}` < `${b.tenant}=${b.name}` ? -1 : 1));
}
