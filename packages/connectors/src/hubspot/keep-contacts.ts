import type { EntitiesOf } from '@holdpoint/sdk/entity-db';
import type { HubspotContact, hubspot } from './tools.ts';

export type Contacts = EntitiesOf<typeof hubspot>['contacts'];

export async function keepWhole(kept: Contacts, contacts: readonly HubspotContact[]): Promise<void> {
  for (const contact of contacts) await kept.upsert(contact);
}

/** Of a contact that is not known, what has changed says too little to know it by. */
export async function keepChanges(
  kept: Contacts,
  id: string,
  changes: Partial<HubspotContact> & Pick<HubspotContact, 'updatedAt'>,
): Promise<void> {
  const known = await kept.findUnique({ where: { id } });
  if (known) await kept.upsert({ where: { id }, create: { ...known, ...changes }, update: changes });
}
