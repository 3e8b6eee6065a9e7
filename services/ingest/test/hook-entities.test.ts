import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createEntityDb } from '@holdpoint/shared/db/entities/entity-db';
import { postgresEntities } from '@holdpoint/shared/db/entities/postgres-entities';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { EntityDeclaration } from '@holdpoint/shared/domain/entity';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import type { EntityCollection } from '@holdpoint/shared/workspace/entity-db';
import type { Kysely } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { deliver, eventually, type Harness, ingestHarness, writeHooks } from './harness.ts';

const SCHEMA = `{ '~standard': { version: 1, vendor: 'test', validate: (value) =>
  typeof value?.id === 'string' ? { value } : { issues: [{ path: ['id'], message: 'must be a text' }] } } }`;

let harness: Harness;
let saidFile: string;
let db: Kysely<Database>;
const running: RunningService[] = [];

beforeAll(async () => {
  harness = await ingestHarness({
    files: {
      'connectors/shop/tools.ts': `export default { name: 'shop', tools: { look: { risk: 'read' } },
        entities: { orders: { schema: ${SCHEMA}, version: 'v' } } };`,
    },
  });
  saidFile = join(harness.workspaceDir, 'said');
  const url = harness.servers.databaseUrl;
  db = createDatabase<Database>(createPool({ url, applicationName: 'test', max: 2 }));
});
beforeEach(() => writeFile(saidFile, ''));
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop()));
});
afterAll(async () => {
  await db.destroy();
  await harness.stop();
});

/** Starts a service with one `after` hook of this body; `say` writes down what it saw. */
async function start(body: string, rest = ''): Promise<string> {
  await writeHooks(harness, {
    acme: `{ id: 'keep', source: 'payments', ${rest} after: async ({ data }, { db, attempt, signal }) => {
      const { appendFileSync } = await import('node:fs');
      const say = (what) => appendFileSync(${JSON.stringify(saidFile)}, JSON.stringify(what) + '\\n');
      ${body}
    } }`,
  });
  const service = await harness.start();
  running.push(service);
  return service.url;
}

let eventCount = 0;
function tell(url: string, fields: object): Promise<unknown> {
  eventCount += 1;
  const body = JSON.stringify({ id: `evt_${eventCount}`, type: 'charge.succeeded', ...fields });
  return deliver(`${url}/hooks/acme/payments`, 'stripe', { body });
}

async function said(count: number): Promise<unknown[]> {
  return eventually(async () => {
    const lines = (await readFile(saidFile, 'utf8')).split('\n').filter(Boolean);
    return lines.length >= count && lines.map((line) => JSON.parse(line) as unknown);
  });
}

function orders(tenant = 'acme'): EntityCollection {
  const declared: EntityDeclaration = { schema: z.looseObject({ id: z.string() }), version: 'v' };
  return createEntityDb(postgresEntities(db), tenant, new Map([['shop', { orders: declared }]])).shop
    ?.orders as EntityCollection;
}

it('an after hook keeps what webhooks tell, and a stale webhook changes nothing of a newer result', async () => {
  const url = await start("say(await db.shop.orders.upsert({ id: 'o1', ...data.order }));");
  await orders().upsert({ id: 'o1', v: 5, by: 'result' });
  await tell(url, { order: { v: 4, by: 'stale webhook' } });
  expect(await said(1)).toEqual([{ stale: true }]);
  expect(await orders().findUnique({ where: { id: 'o1' } })).toEqual({ id: 'o1', v: 5, by: 'result' });
  await tell(url, { order: { v: 6, by: 'webhook' } });
  expect(await said(2)).toContainEqual({ stale: false });
  expect(await orders().findUnique({ where: { id: 'o1' } })).toEqual({ id: 'o1', v: 6, by: 'webhook' });
  expect(await orders('zeta').findUnique({ where: { id: 'o1' } })).toBeNull();
});

it('an after hook finds, pages and deletes, and is told by name of what is not there', async () => {
  const url = await start(`
    const { orders } = db.shop;
    for (const n of [1, 2, 3]) await orders.upsert({ id: 'p' + n, n, of: 'page' });
    const first = await orders.findMany({ where: { of: 'page' }, orderBy: { n: 'desc' }, take: 2 });
    const rest = await orders.findMany({ where: { of: 'page' }, orderBy: { n: 'desc' }, cursor: first.next });
    say([first.map(({ n }) => n), rest.map(({ n }) => n), rest.next]);
    say([await orders.delete({ where: { id: 'p2' } }), await orders.findUnique({ where: { id: 'p2' } })]);
    const why = async (ask) => { try { await ask(); } catch (error) { say([error.name, error.message]); } };
    await why(() => db.shop.parcels.findMany());
    await why(() => db.desk.tickets.findMany());
    await why(() => orders.upsert({ id: 5 }));
    await why(() => orders.findMany({ take: 1000 }));
    await why(() => orders.upsert({ id: 'large', text: 'x'.repeat(200_000) }));`);
  await tell(url, {});
  expect(await said(7)).toEqual([
    [[3, 2], [1], null],
    [{ stale: false }, null],
    ['EntityError', 'shop declares no entity parcels'],
    ['EntityError', 'there is no connector desk here'],
    ['EntityError', 'upsert; id: must be a text'],
    ['EntityError', expect.stringContaining('take')],
    ['EntityError', 'upsert: is asked with too much'],
  ]);
});

it('a call asks a hundred times and no more, and nothing once it has ended', async () => {
  const url = await start(
    `
    const ask = () => db.shop.orders.findUnique({ where: { id: 'none' } }).then(() => 'answered', (error) => error.message);
    if (data.late) return new Promise(() => signal.addEventListener('abort', async () => {
      for (;;) { const answer = await ask(); if (answer !== 'answered') return say(answer); }
    }));
    const all = await Promise.all(Array.from({ length: 102 }, ask));
    say([all.filter((one) => one === 'answered').length, all.at(-1)]);`,
    'afterTimeoutMs: 300, retry: { attempts: 1 },',
  );
  await tell(url, {});
  expect(await said(1)).toEqual([[100, 'a call asks 100 times, and no more']]);
  await tell(url, { late: true });
  expect(await said(2)).toContainEqual('the call has ended');
});
