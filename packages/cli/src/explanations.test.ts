import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { HoldpointError, toProblem } from '@holdpoint/shared/domain/errors';
import type { ActionExplanation } from '@holdpoint/shared/domain/explanation';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runHoldpoint } from './testing/run-holdpoint.ts';
import { type StubServices, startStubServices } from './testing/stub-services.ts';

const CASES = `operator: risk
cases:
  - name: a small one
    action: &refund { connector: shop, tool: refund, args: {}, value: 5, entity_key: e, idempotency_key: k }
    expect: { decision: ALLOW }
  - name: a large one
    action: { <<: *refund, value: 60 }
    expect: { decision: ALERT }
`;
const line = { connector: 'shop', tool: 'refund', args: {}, value: 60, entity_key: 'e', idempotency_key: 'k' };
const FILES = {
  'connectors/shop/tools.ts': "export default { name: 'shop', tools: { refund: { risk: 'write' } } };",
  'connectors/shop/run.ts': 'export default { run: { refund: () => null } };',
  'tenants/acme/policies.ts': `export default [
    { id: 'small', tool: 'refund', appliesUpTo: 50, decision: 'ALLOW' },
    { id: 'large', tool: 'refund', appliesAbove: 50, decision: 'ALERT' },
    { id: 'never', connector: 'shop', risk: 'destructive', decision: 'BLOCK' },
  ];`,
  'tenants/acme/policies.cases.yaml': CASES,
  'lax.json': '[{ "id": "any", "tool": "refund", "decision": "ALLOW" }]',
  'plan.json': JSON.stringify({ plan_id: 'p', actions: [line] }),
  'two.json': JSON.stringify({ plan_id: 'p', event_id: 'shop.order.k', actions: [line, { connector: 'shop' }] }),
} as const;

let stub: StubServices;
let url: string;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'explanations-'));
  for (const [file, text] of Object.entries(FILES)) await write(file, text);
  stub = await startStubServices();
  ({ url } = stub);
});
afterAll(async () => {
  await stub.stop();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(() => {
  stub.forget();
  stub.answer.body = explained;
});

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(dir, file)), { recursive: true });
  await writeFile(join(dir, file), text);
}

const holdpoint = (...words: string[]) => runHoldpoint(words, dir);

const explained: ActionExplanation = {
  action_id: 'a1',
  recorded: {
    decision: 'BLOCK',
    reasons: [{ code: 'max_value', policy: 'holds', message: '820 is over 500' }],
    matched: ['holds'],
    policy_version: 'p-1',
    state: 'blocked',
    at: '2026-01-01T00:00:00.000Z',
  },
  same_policies: true,
  basis: 'rules',
  explanation: {
    decision: 'BLOCK',
    step: 'constraints',
    sentence: 'BLOCK: what its policies demand does not hold: holds: 820 is over 500',
    matched: [
      {
        policy: 'holds',
        decision: 'ALLOW',
        selectors: [{ selector: 'tool', message: 'tool is hold' }],
        constraints: [{ constraint: 'maxValue', holds: false, message: '820 is over maxValue 500' }],
      },
    ],
    near_misses: [{ policy: 'other', decision: 'ALERT', selector: 'when', message: 'its `when` answered false' }],
    nearest: {
      change: { field: 'value', to: 500 },
      decision: 'ALLOW',
      range: { up_to: 500 },
      sentence: 'at 500 or less this is ALLOW',
    },
  },
};

describe('explain, of a recorded action,', () => {
  const ask = (...words: string[]) => holdpoint('explain', 'a1', '--url', url, '--key', 'hp_x', ...words);

  test('tells what was recorded, why, what had a say in it, and the nearest change', async () => {
    const { code, out } = await ask();
    expect(code).toBe(0);
    expect(stub.asked).toMatchObject([{ method: 'GET', path: '/v1/actions/a1/explanation' }]);
    expect(out).toContain('BLOCK at 2026-01-01T00:00:00.000Z: holds: 820 is over 500');
    expect(out).toContain('p-1, the same policies as then');
    expect(out).toContain('nearest   at 500 or less this is ALLOW');
    expect(out).toMatch(/matches {2}holds +ALLOW +tool is hold; 820 is over maxValue 500/);
    expect(out).toMatch(/nearly +other +ALERT +its `when` answered false/);
    expect(JSON.parse((await ask('--json')).out)).toEqual(explained);
  });

  test('says where the policies are others now, and where there is only the record', async () => {
    stub.answer.body = { ...explained, same_policies: false };
    expect((await ask()).out).toContain('other policies than then');
    stub.answer.body = { ...explained, basis: 'record' };
    expect((await ask()).out).toContain('this is its record');
  });

  test('fails for an action that is not there', async () => {
    stub.answer = { status: 404, body: toProblem(new HoldpointError('NOT_FOUND', 'there is no such action')) };
    expect(await ask()).toMatchObject({ code: 1, err: expect.stringContaining('NOT_FOUND') });
  });

  test('takes no option that an action has itself, and nothing in place of an id and a plan', async () => {
    expect(await ask('--operator', 'risk')).toMatchObject({ code: 2, err: expect.stringContaining('--plan') });
    expect((await ask('--plan', 'plan.json')).code).toBe(2);
    expect((await holdpoint('explain')).code).toBe(2);
    expect(stub.asked).toEqual([]);
  });
});

describe('explain, of a plan in a file,', () => {
  const ask = (...words: string[]) => holdpoint('explain', '--workspace', '.', ...words);

  test('asks the files alone', async () => {
    const { code, out } = await ask('--plan', 'plan.json', '--operator', 'risk');
    expect(code).toBe(0);
    expect(out).toContain('shop refund 60');
    expect(out).toContain('at 50 or less this is ALLOW');
    expect(stub.asked).toEqual([]);
  });

  test('tells of several lines in a table, and that the event was not read', async () => {
    const { out } = await ask('--plan', 'two.json', '--operator', 'risk', '--tenant', 'acme');
    expect(out).toMatch(/0 +shop refund 60 +ALERT: /);
    expect(out).toMatch(/1 +shop +BLOCK: /);
    expect(out).toContain('without its event');
  });

  test('tells what a candidate would decide', async () => {
    const { out } = await ask('--plan', 'plan.json', '--operator', 'risk', '--candidate', 'lax.json');
    expect(out).toContain('ALLOW: shop refund is permitted, by any');
  });

  test('wants an operator, a plan that can be read and a tenant that is there', async () => {
    expect((await ask('--plan', 'plan.json')).code).toBe(2);
    expect((await ask('--plan', 'absent.json', '--operator', 'risk')).code).toBe(2);
    const stranger = await ask('--plan', 'plan.json', '--operator', 'risk', '--tenant', 'stranger');
    expect(stranger).toMatchObject({ code: 1, err: expect.stringContaining('has no tenant stranger') });
  });
});

describe('policies test', () => {
  const file = 'tenants/acme/policies.cases.yaml';
  const ask = (...words: string[]) => holdpoint('policies', 'test', '--workspace', '.', ...words);

  test('tells of each case, and of policies that no case matched', async () => {
    const { code, out } = await ask();
    expect(code).toBe(0);
    expect(out).toMatch(/holds +a small one +tenants\/acme\/policies\.cases\.yaml:3/);
    expect(out).toContain('2 cases, all hold; matched by no case: acme: never');
  });

  test('fails where one does, with what was expected, what came, and why', async () => {
    await write(file, CASES.replace('ALERT', 'ALLOW'));
    const { code, out } = await ask('--tenant', 'acme');
    await write(file, CASES);
    expect(code).toBe(1);
    expect(out).toMatch(/FAILS +a large one .*expected ALLOW, got ALERT.*at 50 or less this is ALLOW/);
    expect(out).toContain('2 cases, 1 fail');
  });

  test('fails where a file is not understood, by its line, and where there is nothing to ask', async () => {
    await write(file, CASES.replace('decision: ALERT', 'decided: ALERT'));
    expect(await ask()).toMatchObject({ code: 1, err: expect.stringMatching(/unknown key \(line 8\)/) });
    await rm(join(dir, file));
    expect(await ask()).toMatchObject({ code: 1, err: expect.stringContaining('has no cases') });
    await write(file, CASES);
    expect((await ask('--tenant', 'stranger')).code).toBe(1);
  });
});
