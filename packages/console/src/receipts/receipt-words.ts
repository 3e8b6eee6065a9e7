import type { Receipt, ReceiptKind } from '@holdpoint/shared/domain/receipt';

export const KIND_WORDS = {
  decision: 'decision',
  approval: 'approval',
  intent: 'attempt begun',
  outcome: 'outcome',
  settlement: 'settlement',
  policy_change: 'policies changed',
  freeze: 'freeze',
  override: 'by hand',
  webhook_received: 'webhook received',
} as const satisfies Record<ReceiptKind, string>;

/** Why it says what it says, in one line. */
export function whyOf({ error, reasons }: Receipt): string {
  return error ?? (reasons ?? []).map(({ message }) => message).join('; ');
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A principal as people know it: without who vouches for it; and of a worker no more than tells it from another. */
export function actorName(actor: string, names: ReadonlyMap<string, string> = new Map()): string {
  const name = names.get(actor) ?? actor.slice(actor.indexOf('|') + 1);
  return UUID.test(name) ? `worker …${name.slice(-4)}` : name;
}
