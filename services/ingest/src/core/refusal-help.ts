import type { Refused } from '../providers/provider.ts';

/** Why a delivery was not believed, in a sentence for the people who look after the source. Holds no secret and nothing of the body. */
export function refusalHelp(refused: Refused, provider: string): string {
  const header = refused.header ?? 'a header';
  switch (refused.reason) {
    case 'secret_invalid':
      return `a secret configured for this source is none that ${provider} signs with: look at its secrets`;
    case 'header_missing':
      return `${header} is missing: was this sent by ${provider}, and does anything in between drop headers?`;
    case 'header_doubled':
      return `${header} came twice: two readers could believe different ones; does something in between add it?`;
    case 'header_malformed':
      return `${refused.header ?? 'a signature header'} is not spelled as ${provider} spells it`;
    case 'body_malformed':
      return `the body is not what ${provider} sends: what is needed to verify it is not there`;
    case 'signature_mismatch':
      return 'the body was signed with another secret, or for another URL, or it changed on its way';
    case 'type_mismatch':
      return 'the type that a header names does not fit the signed body';
    case 'timestamp_stale':
      return `the timestamp is ${ago(refused)} old: is this machine's clock right, or is this an old delivery sent again?`;
    case 'timestamp_future':
      return `the timestamp is ${ago(refused)} ahead: are this machine's clock and the sender's right?`;
    default:
      return refused.reason satisfies never;
  }
}

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;

function ago({ ageSeconds = 0 }: Refused): string {
  const seconds = Math.abs(ageSeconds);
  if (seconds < 2 * MINUTE_SECONDS) return count(seconds, 'second');
  if (seconds < 2 * HOUR_SECONDS) return count(Math.floor(seconds / MINUTE_SECONDS), 'minute');
  if (seconds < 2 * DAY_SECONDS) return count(Math.floor(seconds / HOUR_SECONDS), 'hour');
  return count(Math.floor(seconds / DAY_SECONDS), 'day');
}

const count = (number: number, unit: string): string => `${number} ${unit}${number === 1 ? '' : 's'}`;
