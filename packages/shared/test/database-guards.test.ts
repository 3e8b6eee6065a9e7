import { randomUUID } from 'node:crypto';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ActionState,
  CLAIMING_STATES,
  LANE_STATES,
  STATES,
  TERMINAL_STATES,
  TRANSITIONS,
} from '../src/domain/lifecycle.ts';

let servers: TestServers;
let client: pg.Client;
let owner: pg.Client;

beforeAll(async () => {
  servers = await testServers({ redis: false, nats: false });
  [client, owner] = [servers.databaseUrl, servers.databaseOwnerUrl].map(
    (connectionString) => new pg.Client({ connectionString }),
  ) as [pg.Client, pg.Client];
  await Promise.all([client.connect(), owner.connect()]);
});
afterAll(async () => {
  await Promise.all([client.end(), owner.end()]);
  await servers.stop();
});

test('the database allows exactly the edges of the table', async () => {
  const allowed: string[] = [];
  for (const from of STATES) {
    for (const to of STATES) {
      if (from !== to && (await passes(from, to))) allowed.push(`${from} -> ${to}`);
    }
  }
  const declared = STATES.flatMap((from) =>
    Object.keys(TRANSITIONS[from])
      // A new attempt of the same row changes no state: it goes by token.
      .filter((to) => to !== from)
      .map((to) => `${from} -> ${to}`),
  );
  expect(allowed.sort()).toEqual(declared.sort());
});

test('the partial indexes name exactly the states that code names', async () => {
  expect(await statesOfIndex('actions_key_claim')).toEqual([...CLAIMING_STATES].sort());
  expect(await statesOfIndex('actions_lane')).toEqual([...LANE_STATES].sort());
});

test('what an action reserved is settled in exactly the states that it may reach and never leave', async () => {
  const { rows } = await client.query(
    "SELECT pg_get_triggerdef(oid) AS text FROM pg_trigger WHERE tgname = 'actions_reservations'",
  );
  const named = STATES.filter((state) => String(rows[0].text).includes(`'${state}'`));
  // A duplicate begins as one, and reserves nothing.
  expect(named).toEqual(TERMINAL_STATES.filter((state) => state !== 'duplicate'));
});

describe('a receipt', () => {
  const CHANGES = ["UPDATE receipts SET outcome = 'other'", 'DELETE FROM receipts', 'TRUNCATE receipts'];

  test('is written and read by a service, and changed by nobody: its role may not, and its owner is refused', async () => {
    const id = randomUUID();
    await client.query("INSERT INTO receipts (id, tenant, kind, actor) VALUES ($1, 'acme', 'freeze', 'test')", [id]);
    for (const change of CHANGES) {
      expect(await codeOf(client, change), change).toBe('42501');
      expect(await codeOf(owner, change), change).toBe('HP002');
    }
    const { rows } = await client.query('SELECT kind, outcome, tableoid::regclass::text AS kept_in FROM receipts');
    expect(rows).toEqual([{ kind: 'freeze', outcome: null, kept_in: expect.stringMatching(/^receipts_\d{4}_\d{2}$/) }]);
  });

  test('is not reached by the name of its month either', async () => {
    const { rows } = await owner.query('SELECT tableoid::regclass::text AS month FROM receipts LIMIT 1');
    for (const table of [rows[0].month, 'receipts_default']) {
      expect(await codeOf(client, `DELETE FROM ${table}`)).toBe('42501');
      expect(await codeOf(owner, `TRUNCATE ${table}`)).toBe('HP002');
    }
    expect(await codeOf(owner, `DELETE FROM ${rows[0].month}`)).toBe('HP002');
  });
});

test('months of receipts meet without a gap, leap years included, whatever the clocks do where the database stands', async () => {
  // Its clocks change, and it left out a whole day of December 2011.
  await owner.query("SET TIME ZONE 'Pacific/Apia'");
  await client.query("SET TIME ZONE 'America/Santiago'");
  await client.query('SELECT ensure_receipt_partitions(10)');
  await owner.query('SELECT ensure_receipt_partitions(24)');
  const again = await client.query('SELECT ensure_receipt_partitions(24) AS made');
  expect(again.rows[0].made).toBe(0);
  await owner.query("SET TIME ZONE 'UTC'");
  const { rows } = await owner.query<{ name: string; bounds: string }>(`
    SELECT relname AS name, pg_get_expr(relpartbound, oid) AS bounds FROM pg_class
    WHERE relispartition AND relkind = 'r' AND relname ~ '^receipts_[0-9]' ORDER BY relname`);
  const [year, month] = (rows[0]?.name ?? '').split('_').slice(1).map(Number) as [number, number];
  expect(rows.length).toBeGreaterThanOrEqual(25);
  expect(rows).toEqual(
    rows.map((_, ahead) => {
      const [from, to] = [ahead, ahead + 1].map((months) =>
        new Date(Date.UTC(year, month - 1 + months)).toISOString().slice(0, 10),
      ) as [string, string];
      return {
        name: `receipts_${from.slice(0, 7).replace('-', '_')}`,
        bounds: `FOR VALUES FROM ('${from} 00:00:00+00') TO ('${to} 00:00:00+00')`,
      };
    }),
  );
});

async function statesOfIndex(name: string): Promise<string[]> {
  const { rows } = await client.query('SELECT indexdef FROM pg_indexes WHERE indexname = $1', [name]);
  const where = String(rows[0].indexdef).split(' WHERE ')[1] ?? '';
  return STATES.filter((state) => where.includes(`'${state}'`)).sort();
}

async function passes(from: ActionState, to: ActionState): Promise<boolean> {
  await client.query('BEGIN');
  try {
    const [plan, id] = [randomUUID(), randomUUID()];
    await client.query(
      `INSERT INTO plans (id, tenant, operator, plan_id, body_digest, env, requester) VALUES ($1, 't', 'o', $2, 'd', '{}', 'r')`,
      [plan, plan],
    );
    await client.query(
      `INSERT INTO actions (id, plan, plan_id, index, tenant, operator, connector, tool, args, proposed_digest, digest, decision,
         reasons, matched, policy_version, decided_at, state, duplicate_of, worker, token)
       VALUES ($1, $2, 'p', 0, 't', 'o', 'c', 't', '{}', 'd', 'd', 'ALLOW', '[]', '[]', 'v', now(), $3, $2, $2, $2)`,
      [id, plan, from],
    );
    const { rowCount } = await client.query('UPDATE actions SET state = $2 WHERE id = $1', [id, to]);
    return rowCount === 1;
  } catch (error) {
    if ((error as { code?: string }).code !== 'HP001') throw error;
    return false;
  } finally {
    await client.query('ROLLBACK');
  }
}

async function codeOf(who: pg.Client, text: string): Promise<string> {
  return who.query(text).then(
    () => 'done',
    ({ code }) => code as string,
  );
}
