import { PARSE_MAX_BYTES } from './body.ts';

/** More than any provider sends; to sort a flood of them would keep everyone else waiting. */
const FIELDS_MAX = 1_000;

/** The fields of an urlencoded form, decoded, in their order; undefined where there is more than a provider sends. */
export function formFields(rawBody: Buffer): readonly (readonly [name: string, value: string])[] | undefined {
  if (rawBody.length > PARSE_MAX_BYTES) return undefined;
  let fields = 1;
  for (let at = rawBody.indexOf('&'); at >= 0; at = rawBody.indexOf('&', at + 1)) {
    if (++fields > FIELDS_MAX) return undefined;
  }
  // A leading question mark is a part of the first name here; only behind something else is it left alone.
  return [...new URLSearchParams(`&${rawBody.toString('utf8')}`)];
}

/** By name; of a repeated one the first. */
export function formObject(rawBody: Buffer): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries((formFields(rawBody) ?? []).toReversed());
}
