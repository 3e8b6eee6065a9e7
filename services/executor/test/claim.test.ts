import { randomUUID } from 'node:crypto';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { actionRow, flush, receiptsOf, type Seeded, seedAction, seedFreeze, seedGrant } from './fixtures.ts';

let servers: TestServers;
let one: pg.Client;
let two: pg.Client;
let owner: pg.Client;

beforeAll(async () => {
  servers = await testServers({ redis: false, nats: false });
  [one, two, owner] = [servers.databaseUrl, servers.databaseUrl, servers.databaseOwnerUrl].map(
    (connectionString) => new pg.Client({ connectionString }),
  ) as [pg.Client, pg.Client, pg.Client];
  await Promise.all([one.connect(), two.connect(), owner.connect()]);
});

afterEach(async () => {
  await owner.query('DELETE FROM freezes');
});

afterAll(async () => {
  await Promise.all([one.end(), two.end(), owner.end()]);
  await servers.stop();
});

const lane = (action: Seeded) => action.laneId as number;

async function claim(client: pg.Client, action: Seeded, connector = 'alpha') {
  const [, found] = await flush(client, { claims: [{ lane: lane(action), connector }] });
  return found as NonNullable<typeof found>;
}

async function outcomes(action: string) {
  const { rows } = await one.query(
    `SELECT m -> 'subject' AS subject, i AS item FROM outbox, jsonb_array_elements(messages::jsonb) m, jsonb_array_elements(m -> 'body' -> 'items') i
     WHERE i ->> 'action_id' = $1`,
    [action],
  );
  return rows;
}

test('a claim makes the intent durable: running, attempt, token, worker, receipt', async () => {
  const action = await seedAction(one, { args: { a: 1 } });
  const token = randomUUID();
  const worker = randomUUID();
  const [, found] = await flush(one, { claims: [{ lane: lane(action), token }], worker });
  expect(found).toMatchObject({ token, verdict: 'claimed', connector: 'alpha' });
  expect(found?.claimed).toMatchObject({ id: action.id, attempts: 1, args: { a: 1 }, token });
  expect(await actionRow(one, action.id)).toMatchObject({ state: 'running', attempts: 1, token, worker });
  expect(await receiptsOf(one, action.id)).toEqual(['intent:running']);
});

test('what the head says is what the lane answers', async () => {
  const busy = await seedAction(one);
  await claim(one, busy);
  expect((await claim(one, busy)).verdict).toBe('busy');

  const foreign = await seedAction(one, { connector: 'beta' });
  expect(await claim(one, foreign)).toMatchObject({ verdict: 'foreign', connector: 'beta', claimed: null });

  const unsettled = await seedAction(one, { state: 'indeterminate' });
  await seedAction(one, { entity: unsettled.entity as string });
  expect((await claim(one, unsettled)).verdict).toBe('indeterminate');

  const cancelled = await seedAction(one);
  await one.query("UPDATE actions SET state = 'cancelled' WHERE id = $1", [cancelled.id]);
  expect((await claim(one, cancelled)).verdict).toBe('empty');

  const waiting = await seedAction(one);
  const behind = await seedAction(one, { entity: waiting.entity as string });
  await one.query("UPDATE actions SET next_attempt_at = now() + interval '1 hour' WHERE id = $1", [waiting.id]);
  const { rows } = await one.query('SELECT * FROM executor_claim($1, $2, $3, 3600)', [
    JSON.stringify([{ lane: lane(waiting), connector: 'alpha', token: randomUUID() }]),
    randomUUID(),
    'test',
  ]);
  expect(rows[0]).toMatchObject({ verdict: 'waiting', claimed: null });
  expect(Number(rows[0].wait_ms)).toBeGreaterThan(3_500_000);
  expect(await actionRow(one, behind.id)).toMatchObject({ state: 'queued' });
});

test('two racing claims of one head: exactly one wins, in any interleaving', async () => {
  for (let round = 0; round < 150; round += 1) {
    const action = await seedAction(one);
    const verdicts = (await Promise.all([claim(one, action), claim(two, action)])).map((found) => found.verdict);
    expect(verdicts.filter((verdict) => verdict === 'claimed')).toHaveLength(1);
    expect(['again', 'busy']).toContain(verdicts.find((verdict) => verdict !== 'claimed'));
    expect(await receiptsOf(one, action.id)).toEqual(['intent:running']);
  }
});

test('two who ask for one lane in one flush: one is told it is theirs', async () => {
  const action = await seedAction(one);
  const found = await flush(one, { claims: [{ lane: lane(action) }, { lane: lane(action) }, { lane: lane(action) }] });
  const claimed = found.filter(({ verdict }) => verdict === 'claimed');
  expect(claimed).toHaveLength(1);
  expect(claimed[0]?.claimed?.token).toBe(claimed[0]?.token);
  expect(found.filter(({ verdict }) => verdict === 'again')).toHaveLength(2);
  expect(found.filter(({ claimed: row }) => row !== null)).toHaveLength(1);
});

test('a rolled-back claim does not let the second overtake', async () => {
  const first = await seedAction(one);
  const second = await seedAction(one, { entity: first.entity as string });
  await one.query('BEGIN');
  expect((await claim(one, first)).claimed?.id).toBe(first.id);
  const waiting = claim(two, first);
  await one.query('ROLLBACK');
  // The other waited for the head's lock; it gets the head and never the one behind it.
  expect((await waiting).claimed?.id).toBe(first.id);
  expect(await actionRow(one, second.id)).toMatchObject({ state: 'queued', attempts: 0 });
});

test('a head that was put to the tail under a claim is not claimed out of turn', async () => {
  const first = await seedAction(one);
  const second = await seedAction(one, { entity: first.entity as string });
  await one.query('BEGIN');
  await one.query("UPDATE actions SET state = 'rescore', lane_seq = NULL WHERE id = $1", [first.id]);
  await one.query("UPDATE actions SET state = 'queued', lane_seq = 99 WHERE id = $1", [first.id]);
  const racing = claim(two, first);
  await expect.poll(() => waitsForLock(owner)).toBe(true);
  await one.query('COMMIT');
  expect((await racing).verdict).toBe('again');
  expect((await claim(two, first)).claimed?.id).toBe(second.id);
});

test('a racing cancel makes the claim look again, and the next head is found', async () => {
  const first = await seedAction(one);
  const second = await seedAction(one, { entity: first.entity as string });
  await one.query('BEGIN');
  await one.query("UPDATE actions SET state = 'cancelled' WHERE id = $1", [first.id]);
  const racing = claim(two, first);
  await expect.poll(() => waitsForLock(owner)).toBe(true);
  await one.query('COMMIT');
  expect((await racing).verdict).toBe('again');
  expect((await claim(two, first)).claimed?.id).toBe(second.id);
});

test('finish this one, then claim the next: one call', async () => {
  const first = await seedAction(one);
  const second = await seedAction(one, { entity: first.entity as string });
  const { claimed } = await claim(one, first);
  const found = await flush(one, {
    finishes: { [first.id]: { token: claimed?.token, to: 'applied', result: { ok: 1 } } },
    claims: [{ lane: lane(first) }],
  });
  expect(found[0]?.finished).toEqual([first.id]);
  expect(found[1]).toMatchObject({ verdict: 'claimed', claimed: { id: second.id } });
  expect(await actionRow(one, first.id)).toMatchObject({
    state: 'applied',
    result: { ok: 1 },
    token: null,
    worker: null,
  });
  expect(await receiptsOf(one, first.id)).toEqual(['intent:running', 'outcome:applied']);
  expect(await outcomes(first.id)).toMatchObject([
    { subject: 'outcomes.acme.applied.bot', item: { outcome: 'applied', ok: true, attempts: 1, result: { ok: 1 } } },
  ]);
});

test('a finish with another token changes nothing and tells nothing', async () => {
  const action = await seedAction(one);
  await claim(one, action);
  const before = await actionRow(one, action.id);
  const [done] = await flush(one, { finishes: { [action.id]: { token: randomUUID(), to: 'applied' } } });
  expect(done?.finished).toEqual([]);
  expect(await actionRow(one, action.id)).toEqual(before);
  expect(await receiptsOf(one, action.id)).toEqual(['intent:running']);
  expect(await outcomes(action.id)).toEqual([]);
});

test('a violation of single-flight refuses the claim, whatever was believed', async () => {
  const head = await seedAction(one);
  const behind = await seedAction(one, { entity: head.entity as string });
  await one.query("UPDATE actions SET state = 'running', worker = $2, token = $2 WHERE id = $1", [
    behind.id,
    randomUUID(),
  ]);
  await expect(claim(one, head)).rejects.toMatchObject({ code: '23505', constraint: 'actions_single_flight' });
});

test('a retry keeps its place, and an unsure one is remembered until it ends', async () => {
  const action = await seedAction(one, { expiresInSeconds: 3600 });
  const { claimed } = await claim(one, action);
  await flush(one, {
    finishes: { [action.id]: { token: claimed?.token, to: 'queued', retry_in_ms: 0, unsure: true } },
  });
  expect(await actionRow(one, action.id)).toMatchObject({ state: 'queued', unsure: true, attempts: 1 });
  expect(await receiptsOf(one, action.id)).toEqual(['intent:running', 'outcome:queued']);
  expect(await outcomes(action.id)).toEqual([]);
  await one.query("UPDATE actions SET expires_at = now() - interval '1 s' WHERE id = $1", [action.id]);
  const again = await claim(one, action);
  expect(again).toMatchObject({ verdict: 'claimed', claimed: { attempts: 2, unsure: true } });
  await flush(one, { finishes: { [action.id]: { token: again.claimed?.token, to: 'applied', result: null } } });
  expect(await actionRow(one, action.id)).toMatchObject({ state: 'applied', unsure: false, result: null });
});

test('a frozen lane does not run; lifted, its head is scored again', async () => {
  const action = await seedAction(one);
  const freeze = await seedFreeze(one);
  expect((await claim(one, action)).verdict).toBe('frozen');
  await one.query('UPDATE freezes SET lifted_at = clock_timestamp() WHERE id = $1', [freeze]);
  expect((await claim(one, action)).verdict).toBe('aside');
  expect(await actionRow(one, action.id)).toMatchObject({ state: 'rescore', lane_seq: null });
  expect((await claim(one, action)).verdict).toBe('empty');
});

test('a freeze that is for something else stops nothing, nor has anything scored again once it is lifted', async () => {
  const [now, later] = [await seedAction(one), await seedAction(one)];
  const own = { operator: 'bot', connector: 'alpha', tool: 'write' };
  const elsewhere = ['tenant', 'operator', 'connector', 'tool'].map((part) => ({ ...own, [part]: 'other' }));
  for (const scope of elsewhere) await seedFreeze(one, scope);
  expect((await claim(one, now)).verdict).toBe('claimed');
  await one.query('UPDATE freezes SET lifted_at = clock_timestamp()');
  expect((await claim(one, later)).verdict).toBe('claimed');
  await seedFreeze(one, own);
  expect((await claim(one, await seedAction(one))).verdict).toBe('frozen');
});

test('a plan that is past its end expires at the claim, with receipt and outcome, and the next may run', async () => {
  const action = await seedAction(one, { expiresInSeconds: -1 });
  const next = await seedAction(one, { entity: action.entity as string });
  expect((await claim(one, action)).verdict).toBe('aside');
  expect(await actionRow(one, action.id)).toMatchObject({ state: 'expired', attempts: 0 });
  expect(await receiptsOf(one, action.id)).toEqual(['outcome:expired']);
  expect(await outcomes(action.id)).toMatchObject([{ subject: 'outcomes.acme.expired.bot', item: { ok: false } }]);
  expect((await claim(one, action)).claimed?.id).toBe(next.id);
});

test('an authorisation past its age is scored again', async () => {
  const action = await seedAction(one, { authorisedAgoSeconds: 3601 });
  expect((await claim(one, action)).verdict).toBe('aside');
  expect(await actionRow(one, action.id)).toMatchObject({ state: 'rescore' });
  expect(await receiptsOf(one, action.id)).toEqual(['outcome:rescore']);
});

test('what may have happened is found out, not scored again: neither for its age nor for a freeze that was lifted', async () => {
  const old = await seedAction(one, { authorisedAgoSeconds: 3601 });
  const frozen = await seedAction(one, { tool: 'safe' });
  const never = await seedAction(one);
  await one.query('UPDATE actions SET unsure = true WHERE id = ANY ($1)', [[old.id, frozen.id, never.id]]);
  await one.query('UPDATE actions SET authorised_at = NULL WHERE id = $1', [never.id]);
  const freeze = await seedFreeze(one, { tool: 'safe' });
  await one.query('UPDATE freezes SET lifted_at = clock_timestamp() WHERE id = $1', [freeze]);
  for (const action of [old, frozen, never]) {
    expect(await claim(one, action)).toMatchObject({ verdict: 'claimed', claimed: { id: action.id, unsure: true } });
  }
});

test.each([
  ['was authorised anew', { authorisedAgoSeconds: 3601 }, 'authorised_at = clock_timestamp()'],
  ['has run and may have happened', { authorisedAgoSeconds: 3601 }, 'attempts = attempts + 1, unsure = true'],
  ['joined its lane’s tail', { authorisedAgoSeconds: 3601 }, 'lane_seq = lane_seq + 7'],
  ['may have happened, past its end', { expiresInSeconds: -1 }, 'attempts = attempts + 1, unsure = true'],
  ['is given more time', { expiresInSeconds: -1 }, "expires_at = clock_timestamp() + interval '1 hour'"],
])('a head that %s under a claim is not put aside', async (_, spec, change) => {
  const head = await seedAction(one, spec);
  await one.query('BEGIN');
  await one.query(`UPDATE actions SET ${change} WHERE id = $1`, [head.id]);
  const racing = claim(two, head);
  await expect.poll(() => waitsForLock(owner)).toBe(true);
  await one.query('COMMIT');
  expect((await racing).verdict).toBe('again');
  expect(await actionRow(one, head.id)).toMatchObject({ state: 'queued' });
  expect(await receiptsOf(one, head.id)).toEqual([]);
});

test('a held action runs by a grant that is its own, for its digest, and spends it', async () => {
  const hold = { mode: 'hold', requirements: [{ audience: 'reviewer', quorum: 1 }] };
  const action = await seedAction(one, { decision: 'ALERT', escalation: hold });
  expect((await claim(one, action)).verdict).toBe('unauthorised');
  const other = await seedAction(one);
  const stolen = await seedGrant(one, other);
  await one.query('UPDATE actions SET approval_id = $2 WHERE id = $1', [action.id, stolen]);
  expect((await claim(one, action)).verdict).toBe('unauthorised');
  await seedGrant(one, action, { digest: 'another' });
  expect((await claim(one, action)).verdict).toBe('unauthorised');
  const grant = await seedGrant(one, action);
  const { claimed } = await claim(one, action);
  expect(claimed?.id).toBe(action.id);
  const spent = await one.query('SELECT spent_at FROM approvals WHERE id = $1', [grant]);
  expect(spent.rows[0].spent_at).not.toBeNull();
  await flush(one, { finishes: { [action.id]: { token: claimed?.token, to: 'queued', retry_in_ms: 0 } } });
  expect((await claim(one, action)).verdict).toBe('claimed');
});

test("a duplicate's outcome is told with its original's, and at once where that had ended", async () => {
  const original = await seedAction(one);
  const duplicate = await seedAction(one, {
    state: 'duplicate',
    duplicateOf: original.id,
    entity: original.entity as string,
  });
  const { claimed } = await claim(one, original);
  await flush(one, { finishes: { [original.id]: { token: claimed?.token, to: 'applied', result: 7 } } });
  expect(await outcomes(duplicate.id)).toMatchObject([
    {
      subject: 'outcomes.acme.duplicate.bot',
      item: { outcome: 'duplicate', ok: true, duplicate_of: original.id, result: 7 },
    },
  ]);
  const late = await seedAction(one, { state: 'duplicate', duplicateOf: original.id });
  await one.query('SELECT announce_outcomes($1)', [[late.id]]);
  expect(await outcomes(late.id)).toMatchObject([{ item: { outcome: 'duplicate', ok: true, result: 7 } }]);
});

test('lines of one plan that end together are told in one message, larger results left out', async () => {
  const first = await seedAction(one);
  const second = await seedAction(one, { plan: first.plan, index: 1 });
  const claimed = await flush(one, { claims: [{ lane: lane(first) }, { lane: lane(second) }] });
  const finishes = Object.fromEntries(
    claimed.flatMap(({ claimed: row }) =>
      row ? [[row.id, { token: row.token, to: 'applied', result: row.id === first.id ? 'x'.repeat(5000) : 1 }]] : [],
    ),
  );
  await flush(one, { finishes });
  const { rows } = await one.query(
    "SELECT m FROM outbox, jsonb_array_elements(messages::jsonb) m WHERE m -> 'body' -> 'items' @> $1",
    [JSON.stringify([{ action_id: first.id }])],
  );
  expect(rows).toHaveLength(1);
  expect(rows[0].m.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(rows[0].m.body.items.map((item: { index: number }) => item.index)).toEqual([0, 1]);
  expect(rows[0].m.body.items[0]).not.toHaveProperty('result');
  expect(rows[0].m.body.items[1].result).toBe(1);
});

test('reads are claimed without a lane, not while frozen or backing off, and expire like others', async () => {
  const [read, late, backing] = [
    await seedAction(one, { risk: 'read' }),
    await seedAction(one, { risk: 'read', expiresInSeconds: -1 }),
    await seedAction(one, { risk: 'read' }),
  ];
  await one.query("UPDATE actions SET next_attempt_at = now() + interval '1 h' WHERE id = $1", [backing.id]);
  const write = await seedAction(one);
  const reads = Object.fromEntries([read, late, backing, write].map(({ id }) => [id, randomUUID()]));
  const freeze = await seedFreeze(one);
  expect(await flush(one, { reads })).toHaveLength(1);
  await owner.query('DELETE FROM freezes WHERE id = $1', [freeze]);
  const [, ...found] = await flush(one, { reads });
  expect(found.map(({ claimed }) => claimed?.id)).toEqual([read.id]);
  expect(found[0]?.token).toBe(reads[read.id]);
  expect(await actionRow(one, late.id)).toMatchObject({ state: 'expired' });
  expect(await actionRow(one, write.id)).toMatchObject({ state: 'queued' });
});

test('a read that was permitted too long ago, or before a freeze over it was lifted, is scored again', async () => {
  const old = await seedAction(one, { risk: 'read', authorisedAgoSeconds: 3601 });
  const thawed = await seedAction(one, { risk: 'read', tool: 'frozen' });
  const fresh = await seedAction(one, { risk: 'read' });
  const freeze = await seedFreeze(one, { tool: 'frozen' });
  const reads = Object.fromEntries([old, thawed, fresh].map(({ id }) => [id, randomUUID()]));
  const claimed = async () => (await flush(one, { reads })).flatMap(({ claimed: row }) => row?.id ?? []);
  expect(await claimed()).toEqual([fresh.id]);
  expect(await actionRow(one, thawed.id)).toMatchObject({ state: 'queued' });
  await one.query('UPDATE freezes SET lifted_at = clock_timestamp() WHERE id = $1', [freeze]);
  expect(await claimed()).toEqual([fresh.id]);
  for (const { id } of [old, thawed]) expect(await receiptsOf(one, id)).toEqual(['outcome:rescore']);
});

test('a sweep walks from head to head and says which may run', async () => {
  const ready = await seedAction(one);
  await seedAction(one, { entity: ready.entity as string });
  const running = await seedAction(one);
  await claim(one, running);
  const waiting = await seedAction(one);
  await one.query("UPDATE actions SET next_attempt_at = now() + interval '1 h' WHERE id = $1", [waiting.id]);
  const sweep = async (limit: number) => {
    const { rows } = await one.query('SELECT * FROM executor_sweep_lanes($1, $2, 0)', [lane(ready) - 1, limit]);
    return rows.map((row) => [Number(row.lane_id), row.runnable]);
  };
  const all = [
    [lane(ready), true],
    [lane(running), false],
    [lane(waiting), false],
  ];
  expect(await sweep(10)).toEqual(all);
  expect(await sweep(2)).toEqual(all.slice(0, 2));
});

async function waitsForLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query(
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
  );
  return rows.length > 0;
}
