import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { withClient } from '../src/db/roles.ts';
import { natsOptions } from '../src/nats.ts';

type Urls = { readonly databaseOwnerUrl: string; readonly natsUrl: string; readonly redisUrl: string };

/** Writes a mark into all three servers, each acknowledged by the server. */
export async function leaveMarks(urls: Urls): Promise<void> {
  await withClient(urls.databaseOwnerUrl, (client) => client.query('CREATE TABLE marks AS SELECT 1 AS id'));
  await jetstream(urls.natsUrl, 'STREAM.CREATE.marks', { name: 'marks', subjects: ['marks'], storage: 'file' });
  await withNats(urls.natsUrl, (connection) => connection.request('marks', 'mark'));
  await withRedis(urls.redisUrl, (redis) => redis.set('mark', '1'));
}

/** How many marks each server has. */
export async function countMarks(urls: Urls): Promise<{ postgres: number; nats: number; redis: number }> {
  const { state } = await jetstream<{ state: { messages: number } }>(urls.natsUrl, 'STREAM.INFO.marks', {});
  return {
    postgres: await withClient(
      urls.databaseOwnerUrl,
      async (client) => (await client.query('TABLE marks')).rows.length,
    ),
    nats: state.messages,
    redis: await withRedis(urls.redisUrl, (redis) => redis.exists('mark')),
  };
}

export async function withRedis<T>(url: string, task: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // The rejected command tells; without a listener it would be printed as well.
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await task(redis);
  } finally {
    redis.disconnect();
  }
}

type Connection = Awaited<ReturnType<typeof connect>>;

export async function withNats<T>(url: string, task: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await connect({ ...natsOptions(url), timeout: 2_000, reconnect: false });
  try {
    return await task(connection);
  } finally {
    await connection.close();
  }
}

async function jetstream<T>(url: string, request: string, body: object): Promise<T> {
  return withNats(url, async (connection) => {
    const answer = (await connection.request(`$JS.API.${request}`, JSON.stringify(body))).json<{ error?: unknown }>();
    if (answer.error !== undefined) throw new Error(`${request}: ${JSON.stringify(answer.error)}`);
    return answer as T;
  });
}
