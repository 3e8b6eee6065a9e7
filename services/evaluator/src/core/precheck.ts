import type { SourceGrants } from '@holdpoint/policy/decide/grants';
import type { Reason } from '@holdpoint/shared/domain/decision';
import { eventIdSchema, parseEventId } from '@holdpoint/shared/domain/event';
import type { ExecutionPlan } from '@holdpoint/shared/domain/plan';

/** What stands against a plan whose event its tenant does not have. */
export function noEvent(tenant: string, id: string): Pick<Reason, 'code' | 'message'> {
  return { code: 'event_not_found', message: `${tenant} has no event ${id}` };
}

/** What stands against a whole plan before its event is read or any policy is asked. */
export function precheck(
  { expires_at, event_id }: Pick<ExecutionPlan, 'expires_at' | 'event_id'>,
  operator: string,
  grants: SourceGrants | undefined,
  now: Date,
): Pick<Reason, 'code' | 'message'> | undefined {
  if (expires_at !== undefined && Date.parse(expires_at) <= now.getTime()) {
    return { code: 'plan_expired', message: `the plan expired at ${expires_at}` };
  }
  if (event_id === undefined || grants === undefined) return undefined;
  const id = eventIdSchema.safeParse(event_id);
  // No event is called so, which is for whoever looks for it to say.
  if (!id.success) return undefined;
  const { source } = parseEventId(id.data);
  const own = Object.hasOwn(grants, operator) ? grants[operator] : [];
  if (own === null || own?.includes(source)) return undefined;
  return { code: 'event_not_granted', message: `${operator} holds no grant for events of ${source}` };
}
