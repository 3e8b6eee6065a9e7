import { exactly, inDecimals } from '../../remote/money.ts';

/** One payment of an order, or one that was made back. */
export interface Payment {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly gateway: string | null;
  readonly parentTransaction: { readonly id: string } | null;
  readonly amountSet: { readonly shopMoney: { readonly amount: string } };
}

export interface RefundPart {
  readonly parentId: string;
  readonly gateway: string;
  /** Decimal. */
  readonly amount: string;
}

/**
 * From which payments an amount is paid back, the oldest first: each gives what it took and has not given back yet. What is
 * missing to the amount comes along; `'0.00'` where nothing is.
 */
export function splitRefund(amount: number, payments: readonly Payment[]): { parts: RefundPart[]; missing: string } {
  let open = exactly(amount) ?? 0n;
  const parts: RefundPart[] = [];
  for (const payment of payments.filter(isIncome)) {
    const given = payments.filter((one) => isReturn(one, payment)).reduce((sum, one) => sum + worth(one), 0n);
    const left = worth(payment) - given;
    const part = left < open ? left : open;
    if (part <= 0n || payment.gateway === null) continue;
    parts.push({ parentId: payment.id, gateway: payment.gateway, amount: inDecimals(part) });
    open -= part;
  }
  return { parts, missing: inDecimals(open) };
}

/** An authorization is a promise alone: only these two have moved money. */
const isIncome = ({ kind, status }: Payment): boolean =>
  (kind === 'SALE' || kind === 'CAPTURE') && status === 'SUCCESS';

/** One that is under way counts: it is not to be given twice. */
const isReturn = (one: Payment, of: Payment): boolean =>
  one.kind === 'REFUND' &&
  one.parentTransaction?.id === of.id &&
  (one.status === 'SUCCESS' || one.status === 'PENDING');

const worth = ({ amountSet }: Payment): bigint => exactly(amountSet.shopMoney.amount) ?? 0n;
