import type { ConnectorContext } from '@holdpoint/sdk/define';
import { Terminal, Unknown } from '@holdpoint/sdk/errors';
import type Stripe from 'stripe';
import type { StripeApi } from './stripe-api.ts';

export interface RefundArgs {
  readonly charge?: string | undefined;
  readonly payment_intent?: string | undefined;
  /** In the currency's smallest unit. */
  readonly amount: number;
  readonly currency: string;
  readonly reason?: 'duplicate' | 'fraudulent' | 'requested_by_customer' | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** In a refund's metadata: the action that made it. */
const MADE_BY = 'holdpoint_action';
const PAGE = 100;
/** More refunds than any charge has. */
const PAGES_MAX = 10;

/**
 * Refunds once, however often it is tried. Stripe knows an attempt again by its key for 24 hours at least; later ones, and
 * those whose answer was a 500 that Stripe would repeat, are found among the refunds by the id of their action.
 */
export async function createRefund(api: StripeApi, args: RefundArgs, ctx: ConnectorContext) {
  const made = ctx.attempt > 1 ? await findMade(api, args, ctx.actionId) : undefined;
  if (made) return refundOf(made);
  await holdCurrency(api, args);
  const { charge, payment_intent, amount, reason, metadata } = args;
  const refund = await api.change<Stripe.Response<Stripe.Refund>>('refund', ({ refunds }, keyed) =>
    refunds.create(
      {
        ...(charge !== undefined && { charge }),
        ...(payment_intent !== undefined && { payment_intent }),
        amount,
        ...(reason !== undefined && { reason }),
        metadata: { ...metadata, [MADE_BY]: ctx.actionId },
      },
      keyed,
    ),
  );
  return refundOf(refund);
}

export function refundOf(refund: Stripe.Refund) {
  const { id, amount, currency, status, reason, metadata, created } = refund;
  return {
    id,
    amount,
    currency,
    status,
    reason,
    charge: idIn(refund.charge),
    payment_intent: idIn(refund.payment_intent),
    metadata,
    created,
  };
}

const idIn = (reference: string | { readonly id: string } | null): string | null =>
  typeof reference === 'string' ? reference : (reference?.id ?? null);

/** The amount means what was decided on only in the currency that was said: 5000 are 50 dollars, and 5000 yen. */
async function holdCurrency(api: StripeApi, { charge, payment_intent, currency }: RefundArgs): Promise<void> {
  const of =
    charge === undefined
      ? await api.ask<Stripe.Response<Stripe.PaymentIntent>>('payment_intent', (one) =>
          one.paymentIntents.retrieve(payment_intent ?? ''),
        )
      : await api.ask<Stripe.Response<Stripe.Charge>>('charge', ({ charges }) => charges.retrieve(charge));
  if (of.currency !== currency) throw new Terminal(`${of.id} is in ${of.currency}, not in ${currency}`);
}

async function findMade(api: StripeApi, { charge, payment_intent }: RefundArgs, actionId: string) {
  const of = charge === undefined ? { payment_intent: payment_intent ?? '' } : { charge };
  for (let page = 0, after: string | undefined; page < PAGES_MAX; page += 1) {
    const { data, has_more }: Stripe.ApiList<Stripe.Refund> = await api.ask<
      Stripe.Response<Stripe.ApiList<Stripe.Refund>>
    >('list', ({ refunds }) =>
      refunds.list({ ...of, limit: PAGE, ...(after !== undefined && { starting_after: after }) }),
    );
    const made = data.find(({ metadata }) => metadata?.[MADE_BY] === actionId);
    if (made || !has_more) return made;
    after = data.at(-1)?.id;
  }
  throw new Unknown(`${charge ?? payment_intent} has more refunds than can be looked through`);
}
