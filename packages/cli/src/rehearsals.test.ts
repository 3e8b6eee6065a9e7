import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TenantRules } from '@holdpoint/policy/compile/tenant-rules';
import { AT, answeredBy, recordOf } from '@holdpoint/policy/testing/decision-records';
import { loadRulebook } from '@holdpoint/rulebook/load-rulebook';
import type { DecisionRecord } from '@holdpoint/shared/domain/decision-record';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { runHoldpoint } from './testing/run-holdpoint.ts';

// Threads are started and given up.
vi.setConfig({ testTimeout: 30_000 });

const FILES = {
  'connectors/shop/tools.ts':
    "export default { name: 'shop', tools: { refund: { risk: 'write' }, hold: { risk: 'write' } } };",
  'connectors/shop/run.ts': 'export default { run: { refund: () => null, hold: () => null } };',
  'tenants/acme/policies.ts':
    "export default [{ id: 'refunds', connector: 'shop', tool: 'refund', decision: 'ALERT' }];",
  'lax.json': '[{ "id": "any", "tool": "refund", "decision": "ALLOW" }]',
  'hangs.js':
    "export default [{ id: 'any', tool: 'refund', when: ({ value }) => { while (value === 20); return true; }, decision: 'ALLOW' }];",
  'broken.json': '[{ "tool": 7 }]',
} as const;
const PAGE = 3;

let server: Server;
let url: string;
let dir: string;
let rules: TenantRules;
let records: DecisionRecord[];
let asked: URL[];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rehearsals-'));
  for (const [file, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text);
  }
  rules = (await loadRulebook(dir)).rulesOf('acme');
  // The cursor is the place of the next record; a page is small, so that there are several.
  server = createServer((request, response) => {
    const to = new URL(request.url ?? '', url);
    asked.push(to);
    const from = Number(to.searchParams.get('cursor') ?? 0);
    const end = from + Math.min(PAGE, Number(to.searchParams.get('limit')));
    const next = end < records.length ? { next_cursor: String(end) } : {};
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ tenant: 'acme', items: records.slice(from, end), ...next }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true, force: true });
});
beforeEach(() => {
  asked = [];
  records = [];
});

const holdpoint = (...words: string[]) =>
  runHoldpoint(['policies', ...words, '--url', url, '--key', 'hp_x', '--workspace', '.'], dir);

let minute = 0;
function refund(value: number, vote: 'approve' | 'deny', by: string): DecisionRecord {
  minute += 1;
  const approvals = [answeredBy(by, vote, 90_000, AT + minute * 600_000)];
  return recordOf(rules, { value }, { state: vote === 'approve' ? 'applied' : 'denied', approvals });
}
const grants = (values: readonly number[]) => values.map((value, n) => refund(value, 'approve', n % 2 ? 'ann' : 'bob'));

test('replay of the active rules changes nothing, and goes through all pages', async () => {
  records = grants([1, 2, 3, 4, 5, 6, 7]);
  const { code, out } = await holdpoint('replay', '--since', '2026-01-01T00:00:00Z');
  expect(code).toBe(0);
  expect(out).toMatch(/records {2,}7, 7 replayed/);
  expect(out).toMatch(/flips {2,}0\n/);
  expect(asked[0]?.searchParams.get('since')).toBe('2026-01-01T00:00:00.000Z');
  expect(asked.map(({ searchParams }) => searchParams.get('cursor'))).toEqual([null, null, '3', '6']);
});

test('replay of a candidate tells what would have run, what it is worth, and what waiting it saves', async () => {
  records = grants([10, 80]);
  const { code, out } = await holdpoint('replay', '--candidate', 'lax.json');
  expect(code).toBe(0);
  expect(out).toMatch(/flips {2,}2, hold → ALLOW 2/);
  expect(out).toMatch(/runs unattended {2,}2 lines worth 90: shop refund 90 \(2\)/);
  expect(out).toMatch(/approvals {2,}2 saved \(3 min of waiting\), 0 added/);
  expect(out).toMatch(/hold → ALLOW {2,}a\d+ {2,}shop refund {2,}80 .* any: shop refund is permitted/);
});

test('a candidate that lets run what people denied fails, and says so first', async () => {
  records = [...grants([10, 20]), refund(900, 'deny', 'ann')];
  const { code, out } = await holdpoint('replay', '--candidate', 'lax.json', '--limit', '1');
  expect(code).toBe(1);
  expect(out).toMatch(/DENIED {2,}1 that people denied would have run/);
  expect(out).toMatch(/DENIED BY PEOPLE {2,}hold → ALLOW {2,}a\d+ {2,}shop refund {2,}900/);
  expect(out).toContain('2 more');
  const all = JSON.parse((await holdpoint('replay', '--candidate', 'lax.json', '--json')).out);
  expect(all).toMatchObject({ flips: { total: 3 }, denied_would_run: { items: [{ value: 900 }] } });
});

test('a condition that never comes back blocks its line, as it would in earnest, and no other', async () => {
  records = grants([10, 20, 30]);
  const { code, out } = await holdpoint('replay', '--candidate', 'hangs.js');
  expect(code).toBe(0);
  expect(out).toMatch(/flips {2,}3, hold → ALLOW 2, hold → BLOCK 1/);
  expect(out).toMatch(/hold → BLOCK .* 20 .* did not answer in time/);
});

test('a candidate, a tenant or a time that cannot be used is refused', async () => {
  expect(await holdpoint('replay', '--candidate', 'broken.json')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/0\.tool/),
  });
  expect(await holdpoint('replay', '--tenant', 'other')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/of acme/),
  });
  expect(await holdpoint('suggest', '--since', 'monday')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/--since/),
  });
});

test('a suggestion is found in one look and tried in another, with its policies ready to be pasted', async () => {
  records = [...grants([10, 20, 30, 40]), refund(500, 'deny', 'ann')];
  const { code, out } = await holdpoint('suggest', '--grants', '4', '--since', '30d');
  expect(code).toBe(0);
  expect(out).toContain('shop refund: up to 40 nobody need be asked');
  expect(out).toContain('4 were granted by 2 people, and the smallest that was denied had 500');
  expect(out).toContain('at most 52.7 % of such lines');
  expect(out).toContain('it would have saved 4 approvals, and let 100 run unattended');
  expect(out).toContain("{ id: 'refunds', connector: 'shop', tool: 'refund', appliesAbove: 40, decision: 'ALERT' },");
  const cursors = asked.map(({ searchParams }) => searchParams.get('cursor'));
  expect(cursors).toEqual([null, null, '3', null, '3']);
  expect(new Set(asked.map(({ searchParams }) => searchParams.get('until'))).size).toBe(1);
});

test('what is not suggested says why', async () => {
  records = grants([10, 20]);
  const { out } = await holdpoint('suggest');
  expect(out).toMatch(/refunds {2,}2 {2,}too few grants that count/);
  records = [];
  expect((await holdpoint('suggest')).out).toContain('nobody was asked about anything');
});
