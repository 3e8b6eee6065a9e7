import type { Kysely } from 'kysely';
import type { AppRow } from './schema/apps.ts';
import type { Database } from './schema/index.ts';

/** The app that a key belongs to, by the key's SHA-256; a revoked one is no app. */
export async function findApp(db: Kysely<Database>, keyHash: string): Promise<AppRow | undefined> {
  return db
    .selectFrom('apps')
    .selectAll()
    .where('key_hash', '=', keyHash)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
}

/** The app of this id, a revoked one too. */
export async function findAppById(db: Kysely<Database>, id: string): Promise<AppRow | undefined> {
  return db.selectFrom('apps').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Registers an app, or replaces what it may do. Owner's url only: services may not write apps. */
export async function registerApp(
  db: Kysely<Database>,
  app: Pick<AppRow, 'id' | 'tenant' | 'key_hash' | 'scopes' | 'operators' | 'audiences'>,
): Promise<void> {
  const row = {
    ...app,
    scopes: JSON.stringify(app.scopes),
    operators: app.operators === null ? null : JSON.stringify(app.operators),
    audiences: JSON.stringify(app.audiences),
  };
  await db
    .insertInto('apps')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ ...row, revoked_at: null }))
    .execute();
}
