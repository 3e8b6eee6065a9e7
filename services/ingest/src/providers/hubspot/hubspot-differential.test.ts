import { describe, expect, it } from 'vitest';
import { NOW_SECONDS } from '../../testing/play-provider.ts';
import { hubspot } from './hubspot.ts';

const SECRET = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy';
const HOOK = 'https://www.example.com/webhook_uri';
const EVENTS =
  '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]';

interface Signed {
  readonly method?: string;
  readonly query?: string;
  readonly body: string;
  readonly milliseconds?: number;
  /** What `Signature.getSignature(method, 'v3', …)` of the library made of it. */
  readonly signature: string;
}

/**
 * Made with @hubspot/api-client 13.5.0: its check is three lines among 8,000 files, so what it computes stands here instead
 * of the library.
 */
describe('@hubspot/api-client', () => {
  it('signs an array of events, an object, another method and other milliseconds as we verify them', () => {
    const body = '{"example_field":"example_value"}';
    for (const signed of [
      { body: EVENTS, signature: '+EOnfTmDP/pLA/O8ShCD0CJ3L5GJbsZ4TRICmZB2bB8=' },
      { body, milliseconds: 1790000000123, signature: 'erCrlPGpFsN8RrGiQmdmXDPBT6+CtLQ1cHCaKyBUBlU=' },
      { method: 'PUT', body, milliseconds: 1789999700000, signature: 'p+8wG+HYFxeej14itw2+gXEnuXoevhFCjFWPUi93WUg=' },
    ]) {
      expect(verdict(signed)).toBe('accepted');
      expect(verdict({ ...signed, body: `${signed.body} ` })).toBe('signature_mismatch');
    }
  });

  it('signs text beyond ASCII as UTF-8, and a query with the escapes that HubSpot leaves in one', () => {
    const zoe = { query: 'tenant=acme&next=/home', body: '[{"name":"Zoë ✓"}]' };
    expect(verdict({ ...zoe, signature: '2G+e5XhiPB+vwnSoPls7XJIE+oDg7pkxRsX+NElu8Jw=' })).toBe('accepted');
    const kept = { query: 'q=a%20b&r=%26%2B', body: '[]' };
    expect(verdict({ ...kept, signature: 'Zkd1cNWDu8/LsHwy8w//3H2fZVKVOB7P0UtxX6DJgSc=' })).toBe('accepted');
  });

  it('leaves it to its caller to undo the escapes of a URI that HubSpot signs without; we undo them', () => {
    const escaped = { query: 'tenant=acme&next=%2Fhome', body: '[{"name":"Zoë ✓"}]' };
    const asHubSpotSigns = '2G+e5XhiPB+vwnSoPls7XJIE+oDg7pkxRsX+NElu8Jw=';
    const asTheLibraryDoes = '+tllsQyloAR1rZtxlqMJ1/vwbRKTbwxK5YIABWvXEVw=';
    expect(verdict({ ...escaped, signature: asHubSpotSigns })).toBe('accepted');
    expect(verdict({ ...escaped, query: 'tenant=acme&next=%2fhome', signature: asHubSpotSigns })).toBe('accepted');
    expect(verdict({ ...escaped, signature: asTheLibraryDoes })).toBe('signature_mismatch');
  });

  it('takes a time that lies ahead for good; we hold it to 300 seconds both ways', () => {
    const signed = { body: EVENTS, signature: '+EOnfTmDP/pLA/O8ShCD0CJ3L5GJbsZ4TRICmZB2bB8=' };
    expect(verdict(signed, NOW_SECONDS + 300)).toBe('accepted');
    expect(verdict(signed, NOW_SECONDS + 301)).toBe('timestamp_stale');
    expect(verdict(signed, NOW_SECONDS - 301)).toBe('timestamp_future');
  });
});

function verdict(
  { method = 'POST', query = '', body, milliseconds = NOW_SECONDS * 1000, signature }: Signed,
  nowSeconds = NOW_SECONDS,
): string {
  const headers = {
    'x-hubspot-signature-v3': [signature],
    'x-hubspot-request-timestamp': [String(milliseconds)],
  };
  const delivery = { rawBody: Buffer.from(body), headers, method, url: HOOK, query, secrets: [SECRET] };
  const made = hubspot.verify({ ...delivery, now: nowSeconds * 1000, toleranceSeconds: undefined });
  return made.ok ? 'accepted' : made.reason;
}
