import { exactly, inDecimals } from '../../remote/money.ts';

/** One order of the stand-in's shop. */
export interface WorldOrder {
  readonly id: string;
  readonly currency: string;
  readonly presentmentCurrency: string;
  readonly customerId: string | null;
  note: string | null;
  readonly tags: Set<string>;
  cancelledAt: string | null;
  cancelReason: string | null;
  readonly parts: WorldPart[];
  readonly payments: WorldPayment[];
  readonly refunds: WorldRefund[];
}

export interface WorldPart {
  readonly id: string;
  readonly fulfilled: boolean;
  readonly holds: { id: string; handle: string | null; byUs: boolean; reason: string; notes: string | null }[];
  releases: number;
}

export interface WorldPayment {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly gateway: string;
  readonly parent: string | null;
  readonly amount: string;
}

export interface WorldRefund {
  readonly id: string;
  readonly note: string | null;
  readonly amount: string;
}

/** What has been sent with an idempotency key: the same again is answered with what came of it then. */
interface Keyed {
  readonly input: string;
  readonly refund: WorldRefund;
}

export interface ShopWorld {
  readonly orders: Map<string, WorldOrder>;
  readonly customers: Map<string, { readonly id: string; readonly tags: Set<string> }>;
  readonly keys: Map<string, Keyed>;
  /** Jobs by id, with the looks that are left until each has run. */
  readonly jobs: Map<string, { looks: number; run: (() => void) | undefined }>;
  /** Of the next job that cancels an order. */
  cancelling: { looks: number; fails: boolean };
  /** Points of the bucket; what it holds is not spent in trials that are not about it. */
  bucket: { available: number; restoreRate: number };
  nextId(type: string): string;
}

/** Beyond 2^53. */
export const BIG_ORDER = '9007199254740993';
export const HELD_ORDER = '1002';
export const FOREIGN_ORDER = '1003';
export const SENT_ORDER = '1004';
export const CUSTOMER = '77';

/** A shop with four orders: one to work with, one that we hold, one that was paid in another currency, one that is gone. */
export function createShopWorld(): ShopWorld {
  let last = 500;
  const world: ShopWorld = {
    orders: new Map(),
    customers: new Map([[CUSTOMER, { id: `gid://shopify/Customer/${CUSTOMER}`, tags: new Set<string>() }]]),
    keys: new Map(),
    jobs: new Map(),
    cancelling: { looks: 0, fails: false },
    bucket: { available: 2000, restoreRate: 100 },
    nextId: (type) => {
      last += 1;
      return `gid://shopify/${type}/${last}`;
    },
  };
  addOrder(world, BIG_ORDER, 2);
  const held = addOrder(world, HELD_ORDER, 2);
  for (const part of held.parts) {
    const hold = (byUs: boolean) => ({
      id: world.nextId('FulfillmentHold'),
      handle: null,
      byUs,
      reason: 'OTHER',
      notes: null,
    });
    part.holds.push(hold(true), hold(false));
  }
  addOrder(world, FOREIGN_ORDER, 1, 'EUR');
  addOrder(world, SENT_ORDER, 1, 'USD', true);
  return world;
}

function addOrder(world: ShopWorld, number: string, parts: number, paidIn = 'USD', fulfilled = false): WorldOrder {
  const id = `gid://shopify/Order/${number}`;
  const sale = (amount: string) => ({
    id: world.nextId('OrderTransaction'),
    kind: 'SALE',
    status: 'SUCCESS',
    gateway: 'bogus',
    parent: null,
    amount,
  });
  const order: WorldOrder = {
    id,
    currency: 'USD',
    presentmentCurrency: paidIn,
    customerId: `gid://shopify/Customer/${CUSTOMER}`,
    note: 'Ring twice.',
    tags: new Set(['web']),
    cancelledAt: null,
    cancelReason: null,
    parts: Array.from({ length: parts }, () => ({
      id: world.nextId('FulfillmentOrder'),
      fulfilled,
      holds: [],
      releases: 0,
    })),
    payments: [sale('300.00'), sale('108.00')],
    refunds: [],
  };
  world.orders.set(id, order);
  return order;
}

/** What a payment took and has not given back. */
export function leftOf(order: WorldOrder, { id, amount }: WorldPayment): bigint {
  const given = order.payments.filter(({ parent }) => parent === id).map((one) => exactly(one.amount) ?? 0n);
  return given.reduce((left, one) => left - one, exactly(amount) ?? 0n);
}

export const total = (amounts: readonly string[]): string =>
  inDecimals(amounts.reduce((sum, amount) => sum + (exactly(amount) ?? 0n), 0n));
