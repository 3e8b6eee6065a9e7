import { z } from 'zod';

/** `?limit&cursor` of every list; the cursor is the last item's id. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.uuid().optional(),
};

/** A page from one more row than asked for. */
export function page<Row extends { readonly id: string }, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
): { items: Item[]; next_cursor?: string } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(toItem), ...(rows.length > limit && last && { next_cursor: last.id }) };
}
