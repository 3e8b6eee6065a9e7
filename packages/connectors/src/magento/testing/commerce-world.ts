import { exactly } from '../../remote/money.ts';

/** One order of the stand-in's shop, as the REST API names things. */
export interface WorldOrder {
  readonly entity_id: number;
  state: string;
  readonly totalPaid: string;
  readonly shipping: string;
  shippingRefunded: string;
  readonly rows: WorldRow[];
  readonly comments: { comment: string; is_visible_on_front: number }[];
  readonly memos: WorldMemo[];
  readonly invoices: { entity_id: number; state: number; total: string }[];
  /** How often each of `hold`, `unhold` and `cancel` was done. */
  readonly done: Record<string, number>;
  canceled: string;
}

export interface WorldRow {
  readonly item_id: number;
  readonly parent_item_id?: number;
  readonly product_type: string;
  readonly qty: number;
  qtyRefunded: number;
  readonly row: string;
  readonly tax: string;
  readonly discount: string;
}

export interface WorldMemo {
  readonly entity_id: number;
  readonly order_id: number;
  readonly total: bigint;
  readonly comment: string;
  readonly online: boolean;
}

export interface CommerceWorld {
  readonly orders: Map<number, WorldOrder>;
  /** What gateways have paid. */
  readonly paidOut: bigint[];
  /** The next memo is not saved, after its gateway has paid. */
  failsToSave: boolean;
  nextId(): number;
}

export const ORDER = 1001;
export const HELD_ORDER = 1002;
/** Nothing was charged for its shipping. */
export const FREE_SHIPPING_ORDER = 1003;

export function createCommerceWorld(): CommerceWorld {
  let last = 9000;
  const nextId = () => {
    last += 1;
    return last;
  };
  const orders = [
    order(ORDER, 'processing', '10.0000'),
    order(HELD_ORDER, 'holded', '10.0000'),
    order(FREE_SHIPPING_ORDER, 'processing', '0.0000'),
  ];
  return { orders: new Map(orders.map((one) => [one.entity_id, one])), paidOut: [], failsToSave: false, nextId };
}

/** Three mugs with tax and a discount, and a set that is made of one part: 180 with shipping. */
function order(entity_id: number, state: string, shipping: string): WorldOrder {
  const first = entity_id * 10;
  const row = { qtyRefunded: 0, tax: '0', discount: '0' };
  return {
    entity_id,
    state,
    totalPaid: '180.0000',
    shipping,
    shippingRefunded: '0.0000',
    rows: [
      {
        ...row,
        item_id: first + 1,
        product_type: 'simple',
        qty: 3,
        row: '60.0000',
        tax: '11.4000',
        discount: '6.0000',
      },
      { ...row, item_id: first + 2, product_type: 'bundle', qty: 1, row: '104.6000' },
      { ...row, item_id: first + 3, parent_item_id: first + 2, product_type: 'simple', qty: 1, row: '0' },
    ],
    comments: [],
    memos: [],
    invoices: [{ entity_id: entity_id * 100, state: 2, total: '180.0000' }],
    done: {},
    canceled: '0',
  };
}

export const refundedOf = ({ memos }: WorldOrder): bigint => memos.reduce((sum, { total }) => sum + total, 0n);

export const asNumber = (amount: bigint | string): number =>
  Number(typeof amount === 'bigint' ? amount : (exactly(amount) ?? 0n)) / 10_000;
