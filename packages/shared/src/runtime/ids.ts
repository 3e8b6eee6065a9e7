import { randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';

/** A UUIDv7: sorts by birth, also within one millisecond of one process. */
export function newId(): string {
  return uuidv7();
}

/** 32 random bytes as 43 URL-safe characters: what an API key or a claim's token is made of. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}
