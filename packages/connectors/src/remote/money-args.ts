import { z } from 'zod';

const PLACES = { two: /^\d+(\.\d{1,2})?$/, three: /^\d+(\.\d{1,3})?$/ } as const;

/** An amount of money above nothing, in a currency by its ISO 4217 letters, as fine as the vendor counts. */
export function moneyArgs({ max, places }: { max: number; places: keyof typeof PLACES }) {
  return {
    amount: z
      .number()
      .positive()
      .max(max)
      .refine((amount) => PLACES[places].test(String(amount)), `at most ${places} places`),
    currency: z.string().regex(/^[A-Z]{3}$/),
  };
}
