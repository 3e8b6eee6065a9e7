import { createHmac, timingSafeEqual } from 'node:crypto';

const TOLERANCE_SECONDS = 300;

export interface SlackSigned {
  readonly signature: string | undefined;
  readonly timestamp: string | undefined;
  readonly rawBody: Buffer;
}

/** `v0=<hex>` over `v0:<timestamp>:<body>`, no older than five minutes: https://docs.slack.dev/authentication/verifying-requests-from-slack */
export function isSignedBySlack(
  { signature = '', timestamp = '', rawBody }: SlackSigned,
  secret: string,
  nowMs: number,
) {
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const expected = Buffer.from(
    `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:`).update(rawBody).digest('hex')}`,
  );
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
