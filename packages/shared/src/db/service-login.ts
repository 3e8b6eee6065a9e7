import pg from 'pg';

/** What the migrations grant the rights of a service to. */
const SERVICE_ROLE = 'holdpoint_service';
const LOCK = 'holdpoint service login';

/** The login that services were to have is not one that may be given to them. */
export class ServiceLoginError extends Error {
  override readonly name = 'ServiceLoginError';
}

/**
 * Lets whom `serviceUrl` names log in, with the password that stands there, and act as the restricted role; run again, it
 * sets the password anew. After the migrations, with the owner's url. Two that run at once wait for each other.
 * @throws {ServiceLoginError} where the url has no user or password, or names the owner or a superuser
 */
export async function ensureServiceLogin(ownerUrl: string, serviceUrl: string): Promise<{ readonly user: string }> {
  const { username, password } = new URL(serviceUrl);
  const [user, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
  if (user === '' || secret === '') throw new ServiceLoginError('the url of the services needs a user and a password');
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [LOCK]);
    const { rows } = await client.query<{ refused: boolean }>(
      'SELECT rolsuper OR rolname = current_user AS refused FROM pg_roles WHERE rolname = $1',
      [user],
    );
    const [known] = rows;
    if (known?.refused) throw new ServiceLoginError(`${user} has more rights than a service may have`);
    const role = client.escapeIdentifier(user);
    if (!known) await client.query(`CREATE ROLE ${role}`);
    await client.query(`ALTER ROLE ${role} LOGIN PASSWORD ${client.escapeLiteral(secret)}`);
    await client.query(`GRANT ${SERVICE_ROLE} TO ${role}`);
    await client.query('COMMIT');
    return { user };
  } finally {
    await client.end();
  }
}
