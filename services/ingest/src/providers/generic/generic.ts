import { type FieldIssue, fieldIssues } from '@holdpoint/shared/domain/errors';
import type { ConfigurableProvider, Provider } from '../provider.ts';
import { type GenericOptions, genericOptionsSchema } from './generic-options.ts';
import { genericScheme } from './generic-scheme.ts';
import { parseSignedText, type SignedText } from './signed-text.ts';

const EXAMPLE = "{ algorithm: 'hmac-sha256', encoding: 'hex', header: 'x-signature' }";

/** Any scheme that its source describes: which key, which header, which text is signed, where id, type and time stand. */
export const generic = {
  configure(options: unknown): Provider | readonly FieldIssue[] {
    if (options === undefined)
      return [{ path: '', reason: `generic needs to know what is signed, at least ${EXAMPLE}` }];
    const parsed = genericOptionsSchema.safeParse(options);
    if (!parsed.success) return fieldIssues(parsed.error.issues as Parameters<typeof fieldIssues>[0]);
    const text = parseSignedText(parsed.data.sign);
    if (typeof text === 'string') return [{ path: 'sign', reason: text }];
    const issues = contradictions(parsed.data, text);
    return issues.length > 0 ? issues : genericScheme(parsed.data, text);
  },
} satisfies ConfigurableProvider;

/** What the template signs must be found, and what is to be trusted must be signed. */
function contradictions({ sign, id, timestamp }: GenericOptions, { covers }: SignedText): FieldIssue[] {
  const issues: FieldIssue[] = [];
  if (covers.has('id') && id?.header === undefined) {
    issues.push({ path: 'id', reason: `must say which header holds the {id} that is signed: { header: 'x-id' }` });
  }
  if (covers.has('timestamp') && timestamp?.header === undefined && timestamp?.field === undefined) {
    const reason = `must say which header or field holds the {timestamp} that is signed: { header: 'x-timestamp' }`;
    issues.push({ path: 'timestamp', reason });
  }
  if (timestamp && timestamp.body === undefined && !covers.has('timestamp')) {
    const reason = `is not signed, and so proves nothing: put {timestamp} into sign (${sign}), or leave it out`;
    issues.push({ path: 'timestamp', reason });
  }
  return issues;
}
