import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export const SESSION_COOKIE = 'holdpoint_queues';
export const SESSION_SECONDS = 30 * 60;

/** A signed "was a platform admin when logging in", with its end. Holds no key. */
export interface Sessions {
  issue(principal: string, nowMs: number): string;
  /** Undefined: not ours, or over. */
  read(cookie: string | undefined, nowMs: number): string | undefined;
}

/** With a master key all instances accept each other's cookies; without one each only its own. */
export function createSessions(masterKey: Uint8Array | undefined): Sessions {
  const key = createHmac('sha256', masterKey ?? randomBytes(32))
    .update('holdpoint queues session')
    .digest();
  const sign = (text: string) => createHmac('sha256', key).update(text).digest('base64url');
  return {
    issue(principal, nowMs) {
      const text = Buffer.from(JSON.stringify([principal, nowMs + SESSION_SECONDS * 1000])).toString('base64url');
      return `${text}.${sign(text)}`;
    },
    read(cookie, nowMs) {
      const [text = '', mac = ''] = (cookie ?? '').split('.');
      const expected = Buffer.from(sign(text));
      const given = Buffer.from(mac);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
      const [principal, until] = JSON.parse(Buffer.from(text, 'base64url').toString()) as [string, number];
      return nowMs < until ? principal : undefined;
    },
  };
}
