import { digestOf, sha256 } from '@holdpoint/shared/domain/digest';

/** The event as far as keys go. `rootId` is the first original's id: the event's own, unless it is a replay. */
export interface EventIdentity {
  readonly tenant: string;
  readonly id: string;
  readonly rootId?: string | undefined;
}

const KEY_LENGTH = 40;

/**
 * The key of one effect of one event: `idempotencyKey(event, 'hold', order.id)`. Made from the root, so that a redelivery
 * or a replay of the event asks for the same effect and not for another; with the tenant in it, since two tenants may
 * share a remote account.
 */
export function idempotencyKey(event: EventIdentity, ...parts: readonly (string | number)[]): string {
  const named = parts.map((part) => (typeof part === 'number' ? part : part.toWellFormed()));
  return digestOf([event.tenant, event.rootId ?? event.id, ...named]).slice(0, KEY_LENGTH);
}

/**
 * The id of an operator's plan for an event: the same at every redelivery, so that a second copy is known for one. A replay
 * is a new plan over the same keys: what was applied is a duplicate, and what was blocked or failed gets its second chance.
 */
export function planIdFor(operator: string, event: EventIdentity): string {
  return `${operator}-${sha256(`${event.tenant}.${event.id}`).slice(0, KEY_LENGTH)}`;
}
