import { z } from 'zod';

/** What an object may stand for in another: its id, or itself where the call expanded it. */
const reference = z
  .union([z.string(), z.object({ id: z.string() }).transform(({ id }) => id)])
  .nullish()
  .transform((id) => id ?? null);
const metadata = z
  .record(z.string(), z.string())
  .nullish()
  .transform((pairs) => pairs ?? {});
/** Stripe's objects have no version: when Stripe told this state, in seconds since 1970. */
const asOf = z.number().int();

/** What is kept of a charge: nothing of its card, and nothing of who pays beyond an id. https://docs.stripe.com/api/charges/object */
export const stripeCharge = z.object({
  id: z.string(),
  /** This and the next two in the currency's smallest unit. */
  amount: z.number().int(),
  amount_captured: z.number().int().default(0),
  amount_refunded: z.number().int().default(0),
  currency: z.string(),
  /** `succeeded`, `pending`, `failed`. */
  status: z.string(),
  captured: z.boolean(),
  refunded: z.boolean(),
  disputed: z.boolean().default(false),
  customer: reference,
  payment_intent: reference,
  /** Radar's: `normal`, `elevated`, `highest`; null: it was not asked. */
  risk_level: z.string().nullable(),
  metadata,
  created: z.number().int(),
  livemode: z.boolean(),
  as_of: asOf,
});
export type StripeCharge = z.infer<typeof stripeCharge>;

/** What is kept of a subscription. https://docs.stripe.com/api/subscriptions/object */
export const stripeSubscription = z.object({
  id: z.string(),
  /** `active`, `past_due`, `canceled`, … */
  status: z.string(),
  customer: reference,
  currency: z.string(),
  cancel_at_period_end: z.boolean(),
  /** Seconds since 1970; null: it does not end. */
  cancel_at: z
    .number()
    .int()
    .nullish()
    .transform((at) => at ?? null),
  canceled_at: z
    .number()
    .int()
    .nullish()
    .transform((at) => at ?? null),
  metadata,
  created: z.number().int(),
  livemode: z.boolean(),
  as_of: asOf,
});
export type StripeSubscription = z.infer<typeof stripeSubscription>;

/** A charge as Stripe gives it, in an answer or an event. @throws where it is none. */
export function keptCharge(charge: object, asOfSeconds: number): StripeCharge {
  const { outcome } = charge as { outcome?: { risk_level?: unknown } | null };
  const risk = outcome?.risk_level;
  return stripeCharge.parse({ ...charge, risk_level: typeof risk === 'string' ? risk : null, as_of: asOfSeconds });
}

/** A subscription as Stripe gives it. @throws where it is none. */
export function keptSubscription(subscription: object, asOfSeconds: number): StripeSubscription {
  return stripeSubscription.parse({ ...subscription, as_of: asOfSeconds });
}
