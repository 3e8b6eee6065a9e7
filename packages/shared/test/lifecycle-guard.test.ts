import { randomUUID } from 'node:crypto';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

beforeAll(async () => {
  servers = await testServers({ redis: false, nats: false });
  client = new pg.Client({ connectionString: servers.databaseUrl });
  await client.connect();
});
afterAll(async () => {
  await client.end();
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
