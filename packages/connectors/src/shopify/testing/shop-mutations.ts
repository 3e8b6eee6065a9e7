import { exactly } from '../../remote/money.ts';
import { leftOf, type ShopWorld, total, type WorldOrder, type WorldPart } from './shop-world.ts';

// Each mutation as the shop does it: what it changes, and what it refuses in `userErrors`.

export interface UserError {
  readonly field: readonly string[] | null;
  readonly message: string;
}

export const refusal = (field: readonly string[] | null, message: string): { userErrors: UserError[] } => ({
  userErrors: [{ field, message }],
});

interface HoldInput {
  readonly handle?: string | null;
  readonly reason: string;
  readonly reasonNotes?: string | null;
}

export function hold(world: ShopWorld, id: string, input: HoldInput) {
  const part = partOf(world, id);
  if (!part || part.fulfilled) return refusal(['id'], 'Fulfillment order not found.');
  const handle = input.handle ?? null;
  if (handle !== null && handle.length > 64) return refusal(['fulfillmentHold', 'handle'], 'Handle is too long.');
  if (part.holds.some((one) => one.byUs && one.handle === handle)) {
    return refusal(['fulfillmentHold', 'handle'], 'The handle provided for the fulfillment hold is already in use.');
  }
  const placed = {
    id: world.nextId('FulfillmentHold'),
    handle,
    byUs: true,
    reason: input.reason,
    notes: input.reasonNotes ?? null,
  };
  part.holds.push(placed);
  return { fulfillmentHold: { id: placed.id }, userErrors: [] };
}

export function release(world: ShopWorld, id: string, holdIds: readonly string[] | null | undefined) {
  const part = partOf(world, id);
  if (!part) return refusal(['id'], 'Fulfillment order not found.');
  const kept = part.holds.filter((one) => holdIds && !holdIds.includes(one.id));
  if (kept.length < part.holds.length) part.releases += 1;
  part.holds.splice(0, part.holds.length, ...kept);
  return { fulfillmentOrder: { id }, userErrors: [] };
}

export function writeNote(world: ShopWorld, { id, note }: { id: string; note?: string | null }) {
  const order = world.orders.get(id);
  if (!order) return refusal(['id'], 'Order does not exist');
  if ((note ?? '').length > 5000) return refusal(['note'], 'Note is too long (maximum is 5000 characters)');
  order.note = note ?? null;
  return { order: { id }, userErrors: [] };
}

export function addTags(world: ShopWorld, id: string, tags: readonly string[]) {
  const tagged = world.orders.get(id) ?? world.customers.get(id.split('/').at(-1) ?? '');
  if (!tagged || tagged.id !== id) return refusal(['id'], 'Resource not found');
  for (const tag of tags) tagged.tags.add(tag);
  return { node: { __typename: id.includes('/Order/') ? 'Order' : 'Customer', id }, userErrors: [] };
}

interface RefundInput {
  readonly orderId: string;
  readonly note?: string | null;
  readonly transactions?: readonly { parentId?: string | null; gateway: string; amount: string; kind: string }[] | null;
}

/** https://shopify.dev/docs/api/usage/idempotent-requests: without a key refused; with one that was used answered from then. */
export function refund(world: ShopWorld, input: RefundInput, key: string | undefined) {
  if (!key?.trim()) return refusal(null, 'The @idempotent directive is required for this mutation.');
  const sent = JSON.stringify(input);
  const before = world.keys.get(key);
  if (before) {
    if (before.input === sent) return { refund: shownRefund(before.refund), userErrors: [] };
    return refusal(null, 'The same idempotency key cannot be used with different operation parameters.');
  }
  const order = world.orders.get(input.orderId);
  if (!order) return refusal(['orderId'], 'Order does not exist');
  const parts = input.transactions ?? [];
  for (const [index, part] of parts.entries()) {
    const parent = order.payments.find(({ id }) => id === part.parentId);
    if (!parent || parent.gateway !== part.gateway || part.kind !== 'REFUND') {
      return refusal(['transactions', String(index)], 'Parent transaction is invalid');
    }
    if ((exactly(part.amount) ?? 0n) > leftOf(order, parent)) {
      return refusal(['transactions', String(index)], 'Refund amount exceeds what was paid');
    }
  }
  for (const { parentId = null, gateway, amount } of parts) {
    const id = world.nextId('OrderTransaction');
    order.payments.push({ id, kind: 'REFUND', status: 'SUCCESS', gateway, parent: parentId, amount });
  }
  const made = {
    id: world.nextId('Refund'),
    note: input.note ?? null,
    amount: total(parts.map(({ amount }) => amount)),
  };
  order.refunds.push(made);
  world.keys.set(key, { input: sent, refund: made });
  return { refund: shownRefund(made), userErrors: [] };
}

export const shownRefund = ({ id, note, amount }: { id: string; note: string | null; amount: string }) => ({
  id,
  note,
  totalRefundedSet: { shopMoney: { amount, currencyCode: 'USD' } },
});

export function cancel(world: ShopWorld, id: string, reason: string) {
  const order = world.orders.get(id);
  if (!order) return { orderCancelUserErrors: refusal(['orderId'], 'Order does not exist').userErrors };
  if (order.cancelledAt) {
    return { orderCancelUserErrors: refusal(['orderId'], 'Order has already been cancelled').userErrors };
  }
  const job = world.nextId('Job');
  const { looks, fails } = world.cancelling;
  world.jobs.set(job, { looks, run: fails ? undefined : () => beCancelled(order, reason) });
  // In the shop it runs whether anybody looks or not.
  if (looks === 0) runJob(world, job);
  return { job: { id: job, done: looks === 0 }, orderCancelUserErrors: [] };
}

/** One look at a job; the last one finds it done. */
export function lookAtJob(world: ShopWorld, id: string) {
  const job = world.jobs.get(id);
  if (!job) return null;
  if (job.looks > 0) job.looks -= 1;
  if (job.looks === 0) runJob(world, id);
  return { id, done: job.looks === 0 };
}

function runJob(world: ShopWorld, id: string): void {
  world.jobs.get(id)?.run?.();
}

function beCancelled(order: WorldOrder, reason: string): void {
  order.cancelledAt ??= '2026-11-02T10:00:00Z';
  order.cancelReason = reason;
}

function partOf(world: ShopWorld, id: string): WorldPart | undefined {
  return [...world.orders.values()].flatMap(({ parts }) => parts).find((part) => part.id === id);
}
