import { z } from 'zod';
import type { ContactFields, HubspotContact } from './tools.ts';

/** `SimplePublicObject` of HubSpot's OpenAPI: a property that is not set is null or absent. */
export const record = z.object({
  id: z.string(),
  properties: z.record(z.string(), z.string().nullish()),
  createdAt: z.string(),
  updatedAt: z.string(),
  archived: z.boolean().optional(),
});
export type CrmRecord = z.infer<typeof record>;

/** What is asked of a contact wherever one is read. */
export const CONTACT_PROPERTIES = ['email', 'firstname', 'lastname', 'company'] as const;

/** Of a record that was read whole, or is new: what an update answers names only what it changed. */
export function contactOf({ id, properties, createdAt, updatedAt }: CrmRecord): HubspotContact {
  const blank = { email: null, firstname: null, lastname: null, company: null };
  const { email = '', firstName = '', lastName = '', company } = keptFields({ ...blank, ...properties });
  return { id, email, firstName, lastName, company, createdAt, updatedAt };
}

/** What is kept of these properties, and of no others. */
export function keptFields(
  properties: Readonly<Record<string, string | null | undefined>>,
): Partial<Pick<HubspotContact, 'email' | 'firstName' | 'lastName' | 'company'>> {
  const { email, firstname, lastname, company } = properties;
  return {
    ...(email !== undefined && { email: email ?? '' }),
    ...(firstname !== undefined && { firstName: firstname ?? '' }),
    ...(lastname !== undefined && { lastName: lastname ?? '' }),
    ...(company !== undefined && { company: company || null }),
  };
}

/** HubSpot's own names. What is given by its own name counts, where it is given twice. */
export function contactProperties(
  args: ContactFields & { readonly email?: string | undefined },
): Record<string, string> {
  const named = {
    email: args.email,
    firstname: args.first_name,
    lastname: args.last_name,
    company: args.company,
    phone: args.phone,
  };
  const given = Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...args.properties, ...Object.fromEntries(given) };
}

/** A note's text is HTML. */
export function noteBody(text: string, mark: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `${escaped.replaceAll(/\r?\n/g, '<br>')}<br><br>${mark}`;
}
