import { randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';

/** A UUIDv7: sorts by birth, also within one millisecond of one process. */
export function newId(): string {
  return uuidv7();
}

export const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** No UUIDv7 of that millisecond or a later one is smaller (RFC 9562). */
export function firstIdAt(time: Date): string {
  const hex = Math.max(0, time.getTime()).toString(16).padStart(12, '0').slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/** 32 random bytes as 43 URL-safe characters: what an API key or a claim's token is made of. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}
