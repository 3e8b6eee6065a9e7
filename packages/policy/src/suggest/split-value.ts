/** The chance by which the stated bound may be wrong. */
export const DOUBT = 0.05;

/**
 * The greatest granted value below every denied one: an observed one, never beyond what people have said yes to. undefined
 * where there is none above 0. More denials never raise it; order makes no difference.
 */
export function splitValue(granted: Iterable<number>, denied: Iterable<number>): number | undefined {
  let lowestDenied = Number.POSITIVE_INFINITY;
  for (const value of denied) lowestDenied = Math.min(lowestDenied, value);
  let split = 0;
  for (const value of granted) if (value < lowestDenied && value > split) split = value;
  return split > 0 ? split : undefined;
}

/**
 * How often people would deny at most, given that they granted `granted` and denied none: the one-sided 95 % upper bound of
 * Clopper and Pearson, which for no denials is 1 − 0.05^(1/n), about 3/n. It takes the lines to be alike and independent.
 */
export function denialRateMax(granted: number): number {
  return granted === 0 ? 1 : 1 - DOUBT ** (1 / granted);
}
