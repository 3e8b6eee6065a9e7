/** What is read of Stripe's events about charges. Amounts are in the currency's smallest unit. */
export interface Charge {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
  readonly metadata?: { readonly order_id?: string };
  readonly outcome?: { readonly risk_level?: string } | null;
}

export interface Dispute {
  readonly charge: string;
  readonly amount: number;
  readonly reason: string;
  readonly metadata?: { readonly order_id?: string };
}

export type StripeEvent =
  | { readonly type: 'charge.dispute.created'; readonly data: { readonly object: Dispute } }
  | { readonly type: 'charge.succeeded' | 'charge.refunded'; readonly data: { readonly object: Charge } };

export const CHARGE_TYPES = [
  'charge.dispute.created',
  'charge.succeeded',
  'charge.refunded',
] as const satisfies readonly StripeEvent['type'][];
