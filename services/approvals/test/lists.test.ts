import type { Approval } from '@holdpoint/shared/domain/approval';
import { newId } from '@holdpoint/shared/runtime/ids';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, call, givenApp, givenApproval, ISSUER, openBench } from './fixtures.ts';

interface Page {
  items: Approval[];
  next_cursor?: string;
}

let bench: Bench;
let service: RunningService;
let key: string;

beforeAll(async () => {
  bench = await openBench();
  service = await bench.start();
  key = await givenApp(bench.owner, ['read']);
});
afterAll(() => bench?.stop());

async function given(session: string | null, operator: string, tenant?: string): Promise<string> {
  const { approvalId } = await givenApproval(bench.owner, { ...(tenant !== undefined && { tenant }) });
  await sql`UPDATE approvals SET session_id = ${session}, operator = ${operator} WHERE id = ${approvalId}`.execute(
    bench.owner,
  );
  return approvalId;
}

async function listed(query: string, token = key): Promise<string[]> {
  const { status, body } = await call<Page>(service.url, token, 'GET', `/v1/approvals?${query}`);
  expect(status).toBe(200);
  return body.items.map(({ id }) => id);
}

test('lists what one session or one operator asked, of its own tenant alone, page by page', async () => {
  const [session, operator] = [`s ${newId()}/ü`, `op-${newId().slice(-12)}`];
  const [first, second] = [await given(session, operator), await given(session, 'another')];
  const elsewhere = await given(null, operator);
  await given(session, operator, 'other');
  const inSession = `session_id=${encodeURIComponent(session)}`;
  expect(await listed(inSession)).toEqual([second, first]);
  expect(await listed(`operator=${operator}`)).toEqual([elsewhere, first]);
  expect(await listed(`${inSession}&operator=${operator}&status=pending`)).toEqual([first]);
  expect(await listed(`${inSession}&status=denied`)).toEqual([]);
  expect(await listed(`${inSession}&limit=1`)).toEqual([second]);
  expect(await listed(`${inSession}&limit=1&cursor=${second}`)).toEqual([first]);
  expect(await listed('session_id=nobody')).toEqual([]);
});

test('lists by audience, also one that it was opened to, in whatever status', async () => {
  const audience = `team-${newId().slice(-12)}`;
  const [other, requirements] = [`${audience}-too`, [{ audience, quorum: 1 }]];
  const both = [...requirements, { audience: other, quorum: 1 }];
  const [first, second, third] = [
    (await givenApproval(bench.owner, { requirements })).approvalId,
    (await givenApproval(bench.owner, { requirements: both })).approvalId,
    (await givenApproval(bench.owner, { requirements })).approvalId,
  ];
  await givenApproval(bench.owner, { requirements, tenant: 'other' });
  expect(await listed(`audience=${audience}`)).toEqual([third, second, first]);
  expect(await listed(`audience=${other}`)).toEqual([second]);
  expect(await listed(`audience=${audience}&limit=1&cursor=${third}`)).toEqual([second]);

  const opened = JSON.stringify([{ audience, quorum: 1, also: [other] }]);
  await sql`UPDATE approvals SET requirements = ${opened}::jsonb WHERE id = ${first}`.execute(bench.owner);
  expect(await listed(`audience=${other}&status=pending`)).toEqual([second, first]);
  await sql`UPDATE approvals SET status = 'denied' WHERE id = ${first}`.execute(bench.owner);
  await sql`UPDATE approvals SET expires_at = now() WHERE id = ${second}`.execute(bench.owner);
  expect(await listed(`audience=${other}&status=denied`)).toEqual([first]);
  expect(await listed(`audience=${other}&status=expired`)).toEqual([second]);
  expect(await listed(`audience=${audience}&status=pending`)).toEqual([third]);
});

test('lists what waits for a person: asked of an audience of theirs, and not voted on by them', async () => {
  const [one, two] = [`one-${newId().slice(-12)}`, `two-${newId().slice(-12)}`];
  const ann = await bench.issuer.token('ann', [one, two]);
  const asks = async (audiences: readonly string[], more: Parameters<typeof givenApproval>[1] = {}) =>
    (
      await givenApproval(bench.owner, {
        requirements: audiences.map((audience) => ({ audience, quorum: 2 })),
        ...more,
      })
    ).approvalId;
  const [first, second] = [await asks([one]), await asks([one, two])];
  await asks(['reviewer']);
  await asks([one], { requester: `${ISSUER}|ann` });
  const own = await asks([one], { requester: `${ISSUER}|ann`, selfApproval: true });
  expect(await listed('mine=true', ann)).toEqual([own, second, first]);
  await call(service.url, ann, 'POST', `/v1/approvals/${own}/approve`, { comment: 'it is mine' });
  await call(service.url, ann, 'POST', `/v1/approvals/${first}/approve`);
  expect(await listed('mine=true', ann)).toEqual([second]);
  expect(await listed(`mine=true&audience=${two}`, ann)).toEqual([second]);
  const answer = await call<Page>(service.url, key, 'GET', '/v1/approvals?mine=true');
  expect(answer).toMatchObject({ status: 403, body: { code: 'NOT_A_PERSON' } });
});

test.each(['session_id=', 'operator=UPPER', 'session=1'])('refuses %s', async (query) => {
  const answer = await call<Page>(service.url, key, 'GET', `/v1/approvals?${query}`);
  expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
});
