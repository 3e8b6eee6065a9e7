import { type ConnectorContext, defineConnector } from '@holdpoint/sdk/define';
import { z } from 'zod';
import { actionMark } from '../remote/action-mark.ts';
import { absent, callCrm, hubspotSettings } from './crm-api.ts';
import { findNote } from './find-note.ts';
import { keepChanges, keepWhole } from './keep-contacts.ts';
import {
  CONTACT_PROPERTIES,
  type CrmRecord,
  contactOf,
  contactProperties,
  keptFields,
  noteBody,
  record,
} from './records.ts';
import type { HubspotContact, hubspot } from './tools.ts';

/** https://developers.hubspot.com/docs/api-reference/latest/crm/associations/overview: from a note to what it is about. */
const NOTE_ABOUT = { contacts: 202, deals: 214 } as const;

const found = z.object({
  total: z.number(),
  results: z.array(record),
  paging: z.object({ next: z.object({ after: z.string() }).optional() }).optional(),
});
const upserted = z.object({ results: z.array(record.extend({ new: z.boolean() })).length(1) });

export const runner = defineConnector<typeof hubspot>({
  init({ tenants }) {
    for (const { config, secret } of Object.values(tenants)) {
      hubspotSettings(config);
      secret('token');
    }
  },
  run: {
    'contacts.read': async ({ id }, ctx) => contactOf(await readContact(ctx, id)),
    async 'contacts.search'({ query, filters = [], limit, after }, ctx) {
      const filterGroups =
        filters.length === 0
          ? []
          : [{ filters: filters.map(({ property, ...rest }) => ({ propertyName: property, ...rest })) }];
      const body = {
        ...(query !== undefined && { query }),
        filterGroups,
        properties: CONTACT_PROPERTIES,
        sorts: [],
        limit,
        ...(after !== undefined && { after }),
      };
      const { total, results, paging } = await callCrm(
        ctx,
        { method: 'POST', path: 'contacts/search', body, effect: false },
        found,
      );
      return { total, contacts: results.map(contactOf), next: paging?.next?.after ?? null };
    },
    async 'contacts.create'(args, ctx) {
      const { actionProperty } = hubspotSettings(ctx.config);
      const mark = actionProperty === undefined ? {} : { [actionProperty]: actionMark(ctx) };
      const body = { properties: { ...contactProperties(args), ...mark }, associations: [] };
      return contactOf(await callCrm(ctx, { method: 'POST', path: 'contacts', body }, record));
    },
    async 'contacts.upsert'({ email, ...fields }, ctx) {
      const inputs = [{ id: email, idProperty: 'email', properties: contactProperties({ email, ...fields }) }];
      const path = 'contacts/batch/upsert';
      const { results } = await callCrm(ctx, { method: 'POST', path, body: { inputs } }, upserted);
      const [first] = results as [CrmRecord & { readonly new: boolean }];
      const { id, createdAt, updatedAt } = first;
      return { id, created: first.new, createdAt, updatedAt };
    },
    async 'contacts.update'({ id, ...fields }, ctx) {
      const body = { properties: contactProperties(fields) };
      const { updatedAt } = await callCrm(ctx, { method: 'PATCH', path: `contacts/${id}`, body }, record);
      return { id, updatedAt };
    },
    async 'contacts.archive'({ id }, ctx) {
      await callCrm(ctx, { method: 'DELETE', path: `contacts/${id}` }, z.null());
      return { id, archived: true };
    },
    async 'deals.update'({ id, amount, stage, properties }, ctx) {
      const own = {
        ...properties,
        ...(amount !== undefined && { amount: String(amount) }),
        ...(stage !== undefined && { dealstage: stage }),
      };
      const path = `deals/${id}`;
      const { updatedAt } = await callCrm(ctx, { method: 'PATCH', path, body: { properties: own } }, record);
      return { id, updatedAt };
    },
    async 'notes.create'({ about, id, text }, ctx) {
      const types = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: NOTE_ABOUT[about] }];
      const properties = { hs_timestamp: new Date().toISOString(), hs_note_body: noteBody(text, actionMark(ctx)) };
      const body = { properties, associations: [{ to: { id }, types }] };
      const { id: noteId } = await callCrm(ctx, { method: 'POST', path: 'notes', body }, record);
      return { note_id: noteId };
    },
  },
  reconcile: {
    async 'contacts.create'({ email }, ctx) {
      const { actionProperty } = hubspotSettings(ctx.config);
      const more = actionProperty === undefined ? [] : [actionProperty];
      const one = await absent(readContact(ctx, email, { idProperty: 'email' }, more));
      if (!one) return 'not_applied';
      // It is there, and nothing says by whom.
      if (actionProperty === undefined) return 'unknown';
      return one.properties[actionProperty] === actionMark(ctx) ? { applied: contactOf(one) } : 'not_applied';
    },
    async 'contacts.archive'({ id }, ctx) {
      if (await absent(readContact(ctx, id))) return 'not_applied';
      const archived = await absent(readContact(ctx, id, { archived: 'true' }));
      return archived ? { applied: { id, archived: true } } : 'unknown';
    },
    async 'notes.create'({ about, id }, ctx) {
      const note = await absent(findNote(ctx, { about, id }, actionMark(ctx)));
      if (note === undefined || note === 'unknown') return 'unknown';
      return note === 'none' ? 'not_applied' : { applied: { note_id: note.id } };
    },
  },
  after: {
    'contacts.read': (contact: HubspotContact, _args, { db }) => keepWhole(db.hubspot.contacts, [contact]),
    'contacts.search': ({ contacts }: { contacts: HubspotContact[] }, _args, { db }) =>
      keepWhole(db.hubspot.contacts, contacts),
    'contacts.create': (contact: HubspotContact, _args, { db }) => keepWhole(db.hubspot.contacts, [contact]),
    'contacts.upsert': (answer: Upserted, args, { db }) => {
      const { created, ...times } = answer;
      const properties = contactProperties(args);
      if (created) return keepWhole(db.hubspot.contacts, [contactOf({ ...times, properties })]);
      return keepChanges(db.hubspot.contacts, times.id, { ...keptFields(properties), updatedAt: times.updatedAt });
    },
    'contacts.update': ({ id, updatedAt }: { id: string; updatedAt: string }, { id: _, ...fields }, { db }) =>
      keepChanges(db.hubspot.contacts, id, { ...keptFields(contactProperties(fields)), updatedAt }),
    async 'contacts.archive'(_answer, { id }, { db }) {
      await db.hubspot.contacts.delete({ where: { id } });
    },
  },
});

type Upserted = Pick<CrmRecord, 'id' | 'createdAt' | 'updatedAt'> & { readonly created: boolean };

function readContact(
  ctx: ConnectorContext,
  id: string,
  query: Readonly<Record<string, string>> = {},
  more: readonly string[] = [],
): Promise<CrmRecord> {
  const properties = [...CONTACT_PROPERTIES, ...more].join();
  const path = `contacts/${encodeURIComponent(id)}`;
  return callCrm(ctx, { method: 'GET', path, query: { properties, ...query } }, record);
}
