import type { Kysely } from 'kysely';
import { type Authenticator, type AuthenticatorOptions, createAuthenticator } from '../runtime/auth.ts';
import { steadyClock } from '../runtime/clock.ts';
import { findApp } from './apps.ts';
import type { Database } from './schema/index.ts';
import { findSession } from './sessions.ts';

/** One that knows apps by their keys and people by their sessions as the database does. */
export function databaseAuthenticator(
  db: Kysely<Database>,
  options: Omit<AuthenticatorOptions, 'findApp' | 'findSession' | 'elapsedMs'>,
): Authenticator {
  return createAuthenticator({
    ...options,
    elapsedMs: steadyClock,
    findApp: (hash) => findApp(db, hash),
    findSession: (hash) => findSession(db, hash),
  });
}
