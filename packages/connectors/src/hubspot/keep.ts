import type { AcceptedEvent, AfterHookContext } from '@holdpoint/sdk/define';
import type { EntityDbOf } from '@holdpoint/sdk/entity-db';
import { z } from 'zod';
import { keepChanges } from './keep-contacts.ts';
import { keptFields } from './records.ts';
import type { hubspot } from './tools.ts';

/** One event of a batch: https://developers.hubspot.com/docs/api/webhooks. Times are milliseconds since 1970. */
const contactEvent = z.object({
  subscriptionType: z.string(),
  objectId: z.int().optional(),
  occurredAt: z.int(),
  propertyName: z.string().optional(),
  propertyValue: z.string().nullish(),
  primaryObjectId: z.int().optional(),
  mergedObjectIds: z.array(z.int()).optional(),
});

type KeepContext = AfterHookContext<EntityDbOf<{ hubspot: typeof hubspot }>>;

/**
 * A hook for `tenants/<tenant>/hooks.ts` that keeps the known contacts as the events of the tenant's source tell: a changed
 * property is merged, a deleted contact forgotten. A contact becomes known by a tool that reads or creates it, for no event
 * tells all of one. Events come in no promised order: a change that is older than what is known is left out.
 *
 * @example
 * export default defineHooks({ webhooks: [keepHubspot({ source: 'hubspot' })] });
 */
export function keepHubspot({ source }: { readonly source: string }) {
  return {
    id: `keep-${source}`,
    source,
    types: ['contact.*'],
    async after({ data }: AcceptedEvent, { db }: KeepContext): Promise<void> {
      const parsed = contactEvent.safeParse(data);
      if (!parsed.success) return;
      const { subscriptionType, objectId, occurredAt, propertyName = '', propertyValue = null } = parsed.data;
      const { contacts } = db.hubspot;
      const at = new Date(occurredAt).toISOString();
      const forget = async (id: number) => void (await contacts.delete({ where: { id: String(id) }, version: at }));
      switch (subscriptionType) {
        case 'contact.propertyChange': {
          const changed = keptFields({ [propertyName]: propertyValue });
          if (objectId === undefined || Object.keys(changed).length === 0) return;
          await keepChanges(contacts, String(objectId), { ...changed, updatedAt: at });
          break;
        }
        case 'contact.deletion':
        case 'contact.privacyDeletion':
          if (objectId !== undefined) await forget(objectId);
          break;
        case 'contact.merge': {
          // Which values have won is not told: all of them are to be read anew.
          const { primaryObjectId, mergedObjectIds = [] } = parsed.data;
          for (const id of [...mergedObjectIds, ...(primaryObjectId === undefined ? [] : [primaryObjectId])])
            await forget(id);
          break;
        }
      }
    },
  };
}
