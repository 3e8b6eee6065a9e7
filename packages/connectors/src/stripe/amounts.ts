/**
 * Currencies whose amounts Stripe takes in whole units. UGX stands in Stripe's list of them too, but its special cases say
 * that it is written with two decimals, as ISK is; HUF and TWD are whole in payouts alone, which no tool here makes.
 * https://docs.stripe.com/currencies#zero-decimal, https://docs.stripe.com/currencies#special-cases
 */
const WHOLE = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '));

/** In thousandths, of which the last digit is 0. https://docs.stripe.com/currencies#three-decimal */
const THOUSANDTHS = new Set('bhd jod kwd omr tnd'.split(' '));

/** Written in hundredths, and never a part of one unit. */
const NO_PARTS = new Set(['isk', 'ugx']);

/** `12050` of `usd` are 120.5 dollars: from the smallest unit, as Stripe counts, to the unit that people count in. */
export function majorUnits(amount: number, currency: string): number {
  if (WHOLE.has(currency)) return amount;
  return amount / (THOUSANDTHS.has(currency) ? 1000 : 100);
}

/** Of what an amount must be a multiple. */
export function amountStep(currency: string): number {
  if (NO_PARTS.has(currency)) return 100;
  return THOUSANDTHS.has(currency) ? 10 : 1;
}
