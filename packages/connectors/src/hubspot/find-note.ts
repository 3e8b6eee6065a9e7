import type { ConnectorContext } from '@holdpoint/sdk/define';
import { z } from 'zod';
import { callCrm } from './crm-api.ts';

/** https://developers.hubspot.com/docs/api-reference/crm-notes-v3/guide: records of one batch. */
const BATCH_MAX = 100;
const NOTES_MAX = 500;

const associated = z.object({
  associations: z
    .object({
      notes: z
        .object({
          results: z.array(z.object({ id: z.string() })),
          paging: z.object({ next: z.unknown().optional() }).optional(),
        })
        .optional(),
    })
    .optional(),
});
const notes = z.object({
  results: z.array(z.object({ id: z.string(), properties: z.object({ hs_note_body: z.string().nullish() }) })),
});

/**
 * The note with this mark among those of a record. Read from the record itself: the search's index follows by a time of which
 * HubSpot gives no bound, so that its silence would prove nothing. `unknown`: there are more notes than one answer tells.
 */
export async function findNote(
  ctx: ConnectorContext,
  { about, id }: { readonly about: string; readonly id: string },
  mark: string,
): Promise<{ readonly id: string } | 'none' | 'unknown'> {
  const query = { associations: 'notes' };
  const { associations } = await callCrm(ctx, { method: 'GET', path: `${about}/${id}`, query }, associated);
  const { results = [], paging } = associations?.notes ?? {};
  const ids = [...new Set(results.map((one) => one.id))];
  for (let at = 0; at < Math.min(ids.length, NOTES_MAX); at += BATCH_MAX) {
    const inputs = ids.slice(at, at + BATCH_MAX).map((one) => ({ id: one }));
    const body = { inputs, properties: ['hs_note_body'], propertiesWithHistory: [] };
    const read = await callCrm(ctx, { method: 'POST', path: 'notes/batch/read', body, effect: false }, notes);
    const found = read.results.find(({ properties }) => properties.hs_note_body?.includes(mark));
    if (found) return { id: found.id };
  }
  return paging?.next === undefined && ids.length <= NOTES_MAX ? 'none' : 'unknown';
}
