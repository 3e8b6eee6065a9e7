import { z } from 'zod';
import { isPlainText } from '../domain/plain-text.ts';
import { audienceSchema } from '../domain/policy.ts';
import { readDefault } from './files.ts';
import { listTenants } from './tenants.ts';
import { allOrIssues, parseValue, WorkspaceError } from './workspace-error.ts';

const TOKENS_MAX = 100;
const AUDIENCES_MAX = 1_000;
const VALUES_MAX = 1_000;

/** The right over every tenant comes from the identity provider alone: no tenant's file gives it. */
export const PLATFORM_GROUP = 'holdpoint-platform';
/** The right over the person's own tenant. */
export const ADMIN_GROUP = 'holdpoint-admin';

const claimValueSchema = z.string().min(1).max(256).refine(isPlainText, 'must be plain text');

const peopleSchema = z.strictObject({
  tokens: z.array(claimValueSchema).min(1).max(TOKENS_MAX).optional(),
  audiences: z
    .record(
      audienceSchema.refine((id) => id !== PLATFORM_GROUP, 'is given by the identity provider alone'),
      z.array(claimValueSchema).max(VALUES_MAX),
    )
    .refine((audiences) => Object.keys(audiences).length <= AUDIENCES_MAX, `at most ${AUDIENCES_MAX} audiences`)
    .optional(),
});
/** What `tenants/<tenant>/people.ts` exports. */
export type PeopleInput = z.input<typeof peopleSchema>;
export type TenantPeople = z.infer<typeof peopleSchema>;

/**
 * What each tenant's `people.ts` says of the tokens of its people, by tenant. Read at the start.
 * @throws WorkspaceError also where two tenants claim one value, or one claims another's name
 */
export async function loadPeople(dir: string): Promise<ReadonlyMap<string, TenantPeople>> {
  const tenants = await listTenants(dir);
  const loaded = await allOrIssues(tenants.map((tenant) => readPeople(dir, tenant)));
  const people = new Map(tenants.flatMap((tenant, index) => (loaded[index] ? [[tenant, loaded[index]] as const] : [])));
  refuseSharedTokens(tenants, people);
  return people;
}

async function readPeople(dir: string, tenant: string): Promise<TenantPeople | undefined> {
  const file = fileOf(tenant);
  const found = await readDefault(dir, file);
  return found && parseValue(file, peopleSchema, found.value);
}

/** A token is one tenant's: otherwise the order of folders would say whose people somebody is among. */
function refuseSharedTokens(tenants: readonly string[], people: ReadonlyMap<string, TenantPeople>): void {
  const owners = new Map<string, string>();
  const issues = [...people].flatMap(([tenant, { tokens = [] }]) =>
    tokens.flatMap((token, index) => {
      const owner = owners.get(token) ?? (tenants.includes(token) ? token : tenant);
      owners.set(token, tenant);
      if (owner === tenant) return [];
      return [{ file: fileOf(tenant), path: `tokens.${index}`, reason: `is the tenant ${owner}'s` }];
    }),
  );
  if (issues.length > 0) throw new WorkspaceError(issues);
}

const fileOf = (tenant: string) => `tenants/${tenant}/people.ts`;
