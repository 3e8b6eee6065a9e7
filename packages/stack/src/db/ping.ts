import { withClient } from './roles.ts';

/** One round trip; rejects where the server is not there yet. */
export async function pingPostgres(url: string): Promise<void> {
  await withClient(url, (client) => client.query('SELECT 1'));
}
