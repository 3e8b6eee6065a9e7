import { defineTool, defineTools } from '@holdpoint/sdk/define';
import { z } from 'zod';

const PROPERTIES_MAX = 50;
const VALUE_MAX_LENGTH = 65_536;
/** Of HubSpot's 65,536 characters, with room for what is escaped and for the mark. */
const NOTE_MAX_LENGTH = 30_000;
/** https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm: filters of one group, results of a page. */
const FILTERS_MAX = 6;
const PAGE_MAX = 100;

/** HubSpot's ids are numbers, which it writes as text. */
const objectId = z.string().regex(/^[1-9]\d{0,19}$/, 'must be the number of a record, as text');
const email = z.email().max(254);
const propertyName = z.string().regex(/^[a-z][a-z0-9_]{0,99}$/, 'must be the internal name of a property');
/** By their internal names; an empty text clears one. */
const properties = z
  .record(propertyName, z.string().max(VALUE_MAX_LENGTH))
  .refine((all) => Object.keys(all).length <= PROPERTIES_MAX, { message: `at most ${PROPERTIES_MAX}` });
const named = z.string().max(500);

const contactFields = {
  first_name: named.optional(),
  last_name: named.optional(),
  company: named.optional(),
  phone: named.optional(),
  properties: properties.optional(),
};
export type ContactFields = { readonly [Name in keyof typeof contactFields]?: z.infer<(typeof contactFields)[Name]> };

const filter = z.strictObject({
  property: propertyName,
  operator: z.enum(['EQ', 'NEQ', 'LT', 'LTE', 'GT', 'GTE', 'HAS_PROPERTY', 'NOT_HAS_PROPERTY', 'CONTAINS_TOKEN']),
  value: z.string().max(500).optional(),
});

const contactById = { id: objectId };
const contactKey = ({ id }: { readonly id: string }) => `contact:${id}`;
const mailboxKey = ({ email }: { readonly email: string }) => `contact:${email.toLowerCase()}`;
const contact = { name: 'contacts', id: 'id' };

/** What is kept of a contact, from what its tools answer and from its webhooks. */
export const hubspotContact = z.object({
  id: objectId,
  /** Empty where HubSpot knows none. */
  email: z.string(),
  firstName: z.string(),
  lastName: z.string(),
  company: z.string().nullish(),
  /** RFC 3339. */
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type HubspotContact = z.infer<typeof hubspotContact>;

/** Contacts, deals and notes of one HubSpot account, by the CRM API v3. */
export const hubspot = defineTools({
  name: 'hubspot',
  entities: {
    contacts: { schema: hubspotContact, version: 'updatedAt', indexes: ['email', 'company', 'createdAt'] },
  },
  tools: {
    'contacts.read': defineTool({ risk: 'read', args: z.strictObject(contactById), entity: contact }),
    /** Its index follows what was written by some moments. All filters hold. */
    'contacts.search': defineTool({
      risk: 'read',
      args: z.strictObject({
        query: z.string().max(3000).optional(),
        filters: z.array(filter).max(FILTERS_MAX).optional(),
        limit: z.int().min(1).max(PAGE_MAX).default(20),
        after: z.string().max(100).optional(),
      }),
    }),
    /** Refused where the email is known already. Whose a contact is that got no answer, only `actionProperty` tells. */
    'contacts.create': defineTool({
      risk: 'write',
      args: z.strictObject({ email, ...contactFields }),
      entityKey: mailboxKey,
    }),
    /** Creates the contact of this email, or changes it: done twice it is as done once. */
    'contacts.upsert': defineTool({
      risk: 'write',
      args: z.strictObject({ email, ...contactFields }),
      entityKey: mailboxKey,
      idempotent: true,
    }),
    /** Sets what is given and leaves the rest: done twice it is as done once. */
    'contacts.update': defineTool({
      risk: 'write',
      args: z.strictObject({ ...contactById, email: email.optional(), ...contactFields }),
      entityKey: contactKey,
      entity: contact,
      idempotent: true,
    }),
    /** Can be restored in HubSpot for 90 days. */
    'contacts.archive': defineTool({
      risk: 'destructive',
      args: z.strictObject(contactById),
      entityKey: contactKey,
      entity: contact,
    }),
    'deals.update': defineTool({
      risk: 'write',
      args: z.strictObject({
        id: objectId,
        /** In the deal's own currency. */
        amount: z.number().min(0).max(1e12).optional(),
        stage: z.string().min(1).max(100).optional(),
        properties: properties.optional(),
      }),
      value: ({ amount = 0 }) => amount,
      entityKey: ({ id }) => `deal:${id}`,
      idempotent: true,
    }),
    /** A note on the timeline of a contact or a deal. Its last line is a mark, by which it is known again. */
    'notes.create': defineTool({
      risk: 'write',
      args: z.strictObject({
        about: z.enum(['contacts', 'deals']),
        id: objectId,
        text: z.string().min(1).max(NOTE_MAX_LENGTH),
      }),
      entityKey: ({ about, id }) => `${about === 'contacts' ? 'contact' : 'deal'}:${id}`,
      whenIndeterminate: 'go_on',
    }),
  },
});
