import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StandingGrant } from '@holdpoint/shared/domain/standing-grant';
import { newId } from '@holdpoint/shared/runtime/ids';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GrantPreview } from '../src/core/grant-preview.ts';
import { addStandingGrant } from '../src/store/add-standing-grant.ts';
import { type Bench, call, givenApp, givenApproval, ISSUER, openBench, TENANT } from './fixtures.ts';

const TOOLS = `export default { name: 'shop', tools: {
  'orders.hold': { risk: 'write', secretArgs: ['card', 'keys.*.secret'] } } };`;
const DAY_MS = 24 * 3600 * 1000;
const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();
const CLASS = { operator: 'order-risk', connector: 'shop', tool: 'orders.hold' };
const TERMS = { until: inDays(30), uses: 5, reason: 'always the same' };

let bench: Bench;
let service: RunningService;
let workspace: string;
let people: Record<'alice' | 'bob' | 'carol' | 'root' | 'loner', string>;

beforeAll(async () => {
  bench = await openBench();
  workspace = await mkdtemp(join(tmpdir(), 'holdpoint-workspace-'));
  await mkdir(join(workspace, 'connectors/shop'), { recursive: true });
  await writeFile(join(workspace, 'connectors/shop/tools.ts'), TOOLS);
  service = await bench.start({}, { HOLDPOINT_WORKSPACE: workspace });
  people = {
    alice: await bench.issuer.token('alice'),
    bob: await bench.issuer.token('bob'),
    carol: await bench.issuer.token('carol', ['compliance']),
    root: await bench.issuer.token('root', ['holdpoint-admin']),
    loner: await bench.issuer.token('loner', []),
  };
});
afterAll(async () => {
  await bench?.stop();
  await rm(workspace, { recursive: true, force: true });
});
beforeEach(async () => {
  await sql`UPDATE standing_grants SET revoked_at = now(), revoked_by = 'test' WHERE revoked_at IS NULL`.execute(
    bench.owner,
  );
});

const grant = (body: object, token = people.alice) =>
  call<StandingGrant>(service.url, token, 'POST', '/v1/standing-grants', { ...TERMS, ...body });
const preview = (body: object, token = people.alice) =>
  call<GrantPreview>(service.url, token, 'POST', '/v1/standing-grants/preview', { ...TERMS, ...body });
const get = <T>(path: string, token = people.alice) => call<T>(service.url, token, 'GET', path);
const revoke = (id: string, token = people.alice) =>
  call<StandingGrant>(service.url, token, 'DELETE', `/v1/standing-grants/${id}`);
const receiptsLike = async (id: string) => {
  const { rows } = await sql<{ actor: string; outcome: string; kind: string; reasons: { message: string }[] }>`
    SELECT kind, actor, outcome, reasons FROM receipts WHERE reasons -> 0 ->> 'message' LIKE ${`%${id}%`} ORDER BY id`.execute(
    bench.owner,
  );
  return rows;
};

describe('a standing grant', () => {
  it('is given by a person for whom they are, with a receipt', async () => {
    const args = [{ path: 'order', equals: 'o-1' }];
    const { status, body } = await grant({ ...CLASS, args, max_value: 100 });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      ...CLASS,
      ...TERMS,
      args,
      max_value: 100,
      tenant: TENANT,
      uses_left: 5,
      audiences: ['reviewer'],
      granted_by: `${ISSUER}|alice`,
      granted_by_name: 'alice',
      revoked_at: null,
      last_used_at: null,
    });
    expect((await get(`/v1/standing-grants/${body.id}`)).body).toEqual({ ...body, used_by: [] });
    const [receipt] = await receiptsLike(body.id);
    expect(receipt).toMatchObject({ kind: 'approval', actor: `${ISSUER}|alice`, outcome: 'granted' });
    expect(receipt?.reasons.map(({ message }) => message)).toEqual([
      `grant: standing grant ${body.id}, 5 of 5 uses until ${TERMS.until}, up to 100, where {"path":"order","equals":"o-1"}`,
      TERMS.reason,
    ]);
  });

  it('takes its names from an approval that the person may decide, and must cover its action', async () => {
    const { approvalId } = await givenApproval(bench.owner);
    const from = { approval_id: approvalId };
    const granted = await grant({ ...from, args: [{ path: 'order', equals: 'o-1' }] });
    expect(granted.body).toMatchObject(CLASS);
    const other = await grant({ ...from, args: [{ path: 'order', equals: 'o-2' }], max_value: 819 });
    expect(other.status).toBe(400);
    expect(JSON.stringify(other.body)).toContain('order is \\"o-1\\", not \\"o-2\\"');
    expect(JSON.stringify(other.body)).toContain('the value 820 is over 819');
    expect((await grant({ ...from, tool: 'orders.cancel' })).status).toBe(400);
    expect((await grant(from, people.carol)).body.code).toBe('NOT_IN_AUDIENCE');
    expect((await grant({ approval_id: newId() })).status).toBe(404);
    const elsewhere = await givenApproval(bench.owner, { tenant: 'other' });
    expect((await grant({ approval_id: elsewhere.approvalId })).status).toBe(404);
  });

  it('is not given by who asked, or is said to benefit', async () => {
    for (const own of [{ requester: `${ISSUER}|alice` }, { onBehalfOf: `${ISSUER}|alice` }, { onBehalfOf: 'alice' }]) {
      const { approvalId } = await givenApproval(bench.owner, own);
      expect((await grant({ approval_id: approvalId })).body.code).toBe('SELF_APPROVAL');
    }
  });

  it('is not given by an app, nor by who belongs to no audience', async () => {
    const key = await givenApp(bench.owner, ['plan', 'read', 'admin']);
    expect((await grant(CLASS, key)).body.code).toBe('NOT_A_PERSON');
    expect((await grant(CLASS, people.loner)).body.code).toBe('NOT_IN_AUDIENCE');
    expect((await preview(CLASS, people.loner)).body.code).toBe('NOT_IN_AUDIENCE');
  });

  it.each(['card', 'card.number', 'keys.0.secret'])('does not pin %s, which the tool hides', async (path) => {
    for (const refused of [
      await grant({ ...CLASS, args: [{ path, equals: 'x' }] }),
      await preview({ ...CLASS, args: [{ path, equals: 'x' }] }),
    ]) {
      expect(refused.status).toBe(400);
      expect(JSON.stringify(refused.body)).toContain(`${path} is a secret`);
    }
    expect((await grant({ ...CLASS, args: [{ path: 'cards', equals: 'x' }] })).status).toBe(201);
  });

  it('ends in the future, and no later than in 366 days, by the clock of the database', async () => {
    expect((await grant({ ...CLASS, until: inDays(-0.001) })).status).toBe(400);
    expect((await grant({ ...CLASS, until: inDays(366.01) })).status).toBe(400);
    expect((await grant({ ...CLASS, until: inDays(365.99) })).status).toBe(201);
    expect((await grant({ ...CLASS, uses: 0 })).status).toBe(400);
  });

  it('is one of 100 of its class and of 1,000 of its tenant, however many are given at once', async () => {
    const row = (index: number, tool: string) => ({
      ...CLASS,
      tool,
      id: newId(),
      tenant: 'crowded',
      args: [],
      max_value: null,
      until: inDays(1),
      uses: 1,
      audiences: ['reviewer'],
      granted_by: `someone-${index}`,
      granted_by_name: 'someone',
      reason: 'many',
    });
    const add = async (tool: string, index = 0) =>
      (await addStandingGrant(bench.db, row(index, tool), { receiptId: newId(), from: undefined })) instanceof Error;
    const refused = await Promise.all(Array.from({ length: 110 }, (_, index) => add('orders.hold', index)));
    expect(refused.filter(Boolean)).toHaveLength(10);
    await sql`
      INSERT INTO standing_grants (id, tenant, operator, connector, tool, args, until, uses, uses_left, audiences, granted_by,
        granted_by_name, reason)
      SELECT gen_random_uuid(), 'crowded', 'order-risk', 'shop', 'tool-' || n, '[]', now() + interval '1 day', 1, 1, '[]', 'a',
        'a', 'many' FROM generate_series(1, 899) AS n`.execute(bench.owner);
    expect([await add('one-more'), await add('too-many')]).toEqual([false, true]);
  });

  it('is revoked by its granter, by anyone of its audiences or an admin, and by nobody else; again is no error', async () => {
    for (const who of ['alice', 'bob', 'root'] as const) {
      const { body } = await grant(CLASS);
      expect((await revoke(body.id, people.carol)).body.code).toBe('NOT_IN_AUDIENCE');
      const revoked = await revoke(body.id, people[who]);
      expect(revoked.body).toMatchObject({ id: body.id, revoked_by: `${ISSUER}|${who}` });
      expect((await revoke(body.id)).body).toEqual(revoked.body);
      const outcomes = (await receiptsLike(body.id)).map(({ actor, outcome }) => [actor, outcome]);
      expect(outcomes).toEqual([
        [`${ISSUER}|alice`, 'granted'],
        [`${ISSUER}|${who}`, 'revoked'],
      ]);
    }
    expect((await revoke(newId())).status).toBe(404);
    expect((await revoke('nothing')).status).toBe(404);
  });

  it('is listed newest first, page by page, those that may be spent apart from the others', async () => {
    const ids = [];
    for (let n = 0; n < 5; n += 1) ids.push((await grant(CLASS)).body.id);
    await revoke(ids[2] as string);
    await sql`UPDATE standing_grants SET until = now() WHERE id = ${ids[3]}`.execute(bench.owner);
    await sql`UPDATE standing_grants SET uses_left = 0 WHERE id = ${ids[4]}`.execute(bench.owner);
    type List = { items: StandingGrant[]; next_cursor?: string };
    const first = (await get<List>('/v1/standing-grants?limit=3')).body;
    expect(first.items.map(({ id }) => id)).toEqual([ids[4], ids[3], ids[2]]);
    const rest = (await get<List>(`/v1/standing-grants?limit=3&cursor=${first.next_cursor}`)).body;
    expect(rest.items.slice(0, 2).map(({ id }) => id)).toEqual([ids[1], ids[0]]);
    for (const query of ['?active', '?active=true']) {
      const active = (await get<List>(`/v1/standing-grants${query}`)).body;
      expect(active.items.map(({ id }) => id)).toEqual([ids[1], ids[0]]);
    }
    const ended = (await get<List>('/v1/standing-grants?active=false&limit=3')).body;
    expect(ended.items.map(({ id }) => id)).toEqual([ids[4], ids[3], ids[2]]);
  });

  it('is nobody’s of another tenant', async () => {
    const { body } = await grant(CLASS);
    const stranger = await bench.issuer.token('alice', ['reviewer', 'holdpoint-admin'], { tenant: 'other' });
    expect((await get(`/v1/standing-grants/${body.id}`, stranger)).status).toBe(404);
    expect((await revoke(body.id, stranger)).status).toBe(404);
    expect((await get<{ items: unknown[] }>('/v1/standing-grants', stranger)).body.items).toEqual([]);
  });
});

describe('a preview', () => {
  const tool = `previewed-${newId()}`;
  const about = { ...CLASS, tool };
  const asked = async (args: unknown, more: object = {}) => {
    const given = await givenApproval(bench.owner, { args, ...more });
    await sql`UPDATE approvals SET tool = ${tool} WHERE id = ${given.approvalId}`.execute(bench.owner);
    return given;
  };

  it('tells what would have been let through of what was held, and why the nearest would not', async () => {
    const small = await asked({ order: 'o-1', amount: 10 });
    const large = await asked({ order: 'o-1', amount: 90 });
    const other = await asked({ order: 'o-2', amount: 95 });
    await asked({ order: 'o-1', amount: 10 }, { mode: 'alongside' });
    await asked({ order: 'o-1', amount: 10 }, { tenant: 'other' });
    const args = [
      { path: 'order', equals: 'o-1' },
      { path: 'amount', max: 50 },
    ];
    const { status, body } = await preview({ ...about, args });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      looked_at: 3,
      matched_count: 1,
      matched: [{ action_id: small.actionId, entity_key: 'order:1', value: 820, args: { order: 'o-1', amount: 10 } }],
      nearest: [
        { action_id: large.actionId, why: ['amount is 90, over 50'] },
        { action_id: other.actionId, why: ['order is "o-2", not "o-1"', 'amount is 95, over 50'] },
      ],
    });
    const { rows } = await sql<{ n: number }>`
      SELECT count(*)::int AS n FROM standing_grants WHERE tool = ${tool}`.execute(bench.owner);
    expect(rows).toEqual([{ n: 0 }]);
  });

  it('walks one index range of the last thousand, however many there are of others', async () => {
    const plan = await sql<{ 'QUERY PLAN': string }>`
      EXPLAIN SELECT p.id FROM approvals p WHERE p.tool = ${tool} AND p.connector = 'shop' AND p.operator = 'order-risk'
        AND p.tenant = ${TENANT} AND p.mode = 'hold' AND p.action IS NOT NULL AND p.erased_at IS NULL
      ORDER BY p.id DESC LIMIT 100`.execute(bench.owner);
    expect(JSON.stringify(plan.rows)).toContain('approvals_of_class');
    for (let n = 0; n < 220; n += 1) await asked({ order: 'o-9' });
    const { body } = await preview({ ...about, args: [{ path: 'order', equals: 'o-9' }] });
    expect([body.looked_at, body.matched_count, body.matched.length]).toEqual([223, 220, 20]);
  });
});
