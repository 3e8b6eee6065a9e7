import type { Environment } from './binaries.ts';
import { pingPostgres } from './db/ping.ts';
import { ensureServiceRole, SERVICE_ROLE } from './db/roles.ts';
import { natsVersion } from './nats.ts';
import { redisVersion } from './redis.ts';
import { messageOf, StackError } from './stack-error.ts';
import { until } from './until.ts';

const ANSWER_DEADLINE_MS = 5_000;

export type GivenPostgres = { readonly databaseOwnerUrl: string; readonly databaseUrl: string };

/** Both urls are used as they are; where one is missing, the services use the owner's and act as the service role. */
export async function givenPostgres(env: Environment): Promise<GivenPostgres | undefined> {
  const { DATABASE_URL: services, DATABASE_OWNER_URL: owner } = env;
  const databaseOwnerUrl = owner || services;
  if (!databaseOwnerUrl) return undefined;
  await answers(owner ? 'DATABASE_OWNER_URL' : 'DATABASE_URL', () => pingPostgres(databaseOwnerUrl));
  if (owner && services) {
    await answers('DATABASE_URL', () => pingPostgres(services));
    return { databaseOwnerUrl, databaseUrl: services };
  }
  await ensureServiceRole(databaseOwnerUrl);
  return { databaseOwnerUrl, databaseUrl: actingAsService(databaseOwnerUrl) };
}

export async function givenNats(env: Environment): Promise<string | undefined> {
  const url = env.NATS_URL;
  if (!url) return undefined;
  await answers('NATS_URL', () => natsVersion(url, env.NATS_CREDS || undefined));
  return url;
}

export async function givenRedis(env: Environment): Promise<string | undefined> {
  const url = env.REDIS_URL;
  if (!url) return undefined;
  await answers('REDIS_URL', () => redisVersion(url));
  return url;
}

/** Spelled by hand: URLSearchParams would write the space as `+`, which libpq takes literally. */
export function actingAsService(url: string): string {
  const option = encodeURIComponent(`-c role=${SERVICE_ROLE}`);
  if (/[?&]options=/.test(url)) return url.replace(/([?&]options=[^&]*)/, `$1%20${option}`);
  return `${url}${url.includes('?') ? '&' : '?'}options=${option}`;
}

/** A given server may still be starting, so it is waited for; that it is the wrong one is told at once. */
async function answers(variable: string, probe: () => Promise<unknown>): Promise<void> {
  let last: unknown;
  const answered = await until(async () => {
    try {
      await probe();
      return true;
    } catch (error) {
      if (error instanceof StackError) throw new StackError(`${variable}: ${error.message}`);
      last = error;
      return undefined;
    }
  }, ANSWER_DEADLINE_MS);
  if (!answered) throw new StackError(`${variable} is set, but the server does not answer there: ${messageOf(last)}`);
}
