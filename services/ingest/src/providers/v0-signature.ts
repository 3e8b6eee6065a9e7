import type { SignedDelivery, Verdict } from './provider.ts';
import {
  hmacSha256,
  oneHeader,
  parseTimestamp,
  preflight,
  refused,
  sameText,
  textSecretFault,
  timestampRefusal,
} from './signature.ts';

const TOLERANCE_SECONDS = 300;
const PREFIX = 'v0=';

/** The headers of a scheme that signs as Slack does: `v0=` and the hex HMAC of `v0:<timestamp>:<body>`. */
export interface V0Headers {
  readonly signature: string;
  /** Seconds since the epoch. */
  readonly timestamp: string;
}

export function verifyV0(delivery: SignedDelivery, headers: V0Headers): Verdict {
  const required = [headers.signature, headers.timestamp];
  const refusal = preflight(delivery, textSecretFault, { required, optional: [] });
  if (refusal) return refusal;
  const timestamp = parseTimestamp(oneHeader(delivery.headers, headers.timestamp));
  const signature = oneHeader(delivery.headers, headers.signature) ?? '';
  if (timestamp === undefined || !signature.startsWith(PREFIX)) return refused('header_malformed');
  if (v0Signer(delivery, headers) === undefined) return refused('signature_mismatch');
  const late = timestampRefusal(timestamp, delivery.now, delivery.toleranceSeconds ?? TOLERANCE_SECONDS);
  return late ?? { ok: true, signed: 'time-body' };
}

/** Which of the secrets signed the delivery. */
export function v0Signer({ headers, rawBody, secrets }: SignedDelivery, names: V0Headers): string | undefined {
  const timestamp = oneHeader(headers, names.timestamp) ?? '';
  const signature = oneHeader(headers, names.signature) ?? '';
  return secrets.find((secret) =>
    sameText(signature, `${PREFIX}${hmacSha256(secret, [`v0:${timestamp}:`, rawBody], 'hex')}`),
  );
}
