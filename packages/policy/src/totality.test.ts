import { digestOf } from '@holdpoint/shared/domain/digest';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import { plannedActionSchema } from '@holdpoint/shared/domain/plan';
import type { ToolCatalog } from '@holdpoint/shared/domain/tool';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePolicies } from './compile/compile.ts';
import { evaluate } from './decide/evaluate.ts';

const tools: ToolCatalog = {
  m: {
    read: { risk: 'read' },
    do: { risk: 'write' },
    sized: { risk: 'write', value: (args: { n: number }) => args.n, entityKey: (args: { id: string }) => args.id },
  },
};
const open = compilePolicies([{ decision: 'ALLOW' }], { version: 'v' });
const env: EventEnvelope = { id: '', source: 's', type: 't', signed: 'none', typeSigned: false, data: null };
const ask = (line: unknown, given: EventEnvelope = env, policies = open) =>
  evaluate({ line, operator: 'o', env: given, policies, tools, grants: undefined, hooks: undefined, now: new Date(0) });

const nasty = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'm', 'do', '', '\0', '\ud800', 2 ** 60, -0, -1, 1e308, null),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.array(fc.jsonValue(), { maxLength: 3 }),
);
const anyLine = fc.oneof(
  nasty,
  fc.dictionary(
    fc.constantFrom('connector', 'tool', 'args', 'value', 'entity_key', 'idempotency_key', '__proto__'),
    nasty,
  ),
  fc.record(
    {
      connector: fc.oneof({ weight: 5, arbitrary: fc.constant('m') }, nasty),
      tool: fc.oneof({ weight: 5, arbitrary: fc.constantFrom('read', 'do', 'sized') }, nasty),
      args: fc.oneof(fc.record({ n: nasty, id: nasty }), fc.dictionary(fc.string({ unit: 'binary' }), nasty), nasty),
      value: fc.oneof(fc.double({ noNaN: true }), nasty),
      entity_key: fc.oneof(fc.constant('e'), nasty),
      idempotency_key: fc.oneof(fc.constant('k'), nasty),
    },
    { requiredKeys: ['connector', 'tool', 'args'] },
  ),
);

test('any line gets a verdict, and a permitted one is a line that parses', { timeout: 30_000 }, () => {
  let allowed = 0;
  fc.assert(
    fc.property(anyLine, (line) => {
      const { verdict, action } = ask(line);
      // What comes back must be fit to store: JSON, digested without complaint, and nothing Postgres refuses.
      digestOf({ verdict, action });
      expect(JSON.stringify({ verdict, action })).not.toMatch(/\\u0000|\\ud[89a-f]/);
      expect(verdict.reasons.length).toBeGreaterThan(0);
      if (verdict.decision === 'BLOCK') return;
      allowed++;
      expect(plannedActionSchema.safeParse(line).success).toBe(true);
      expect(['do', 'sized', 'read']).toContain(action.tool);
      if (action.risk === 'read') return;
      expect(action.entity_key).toMatch(/^.{1,255}$/u);
      expect(action.idempotency_key).toMatch(/^.{1,255}$/u);
      expect(action.value ?? 0).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 20_000 },
  );
  expect(allowed).toBeGreaterThan(50);
});

test('any event gets a verdict, and conditions about it that are not met do not permit', () => {
  const asking = compilePolicies(
    [
      {
        id: 'cel',
        when: 'env.data.customer.tier == "gold" && env.data.items.all(i, i.price + 1 > 1)',
        decision: 'ALLOW',
      },
      {
        id: 'code',
        tool: 'do',
        predicate: (_: unknown, e: EventEnvelope) => JSON.stringify(e.data) !== '',
        decision: 'ALLOW',
      },
    ],
    { version: 'v' },
  );
  const line = { connector: 'm', tool: 'do', args: {}, entity_key: 'e', idempotency_key: 'k' };
  const anyData = fc.oneof(
    nasty,
    fc.record({ customer: fc.oneof(nasty, fc.record({ tier: fc.oneof(fc.constant('gold'), nasty) })), items: nasty }),
  );
  fc.assert(
    fc.property(anyData, (data) => {
      const { verdict } = ask(line, { ...env, data }, asking);
      const tier = (data as { customer?: { tier?: unknown } } | null)?.customer?.tier;
      if (verdict.matched.includes('cel')) expect(tier).toBe('gold');
      digestOf(verdict);
    }),
    { numRuns: 5000 },
  );
});

test('a line as large as a plan may be gets its verdict', () => {
  const line = { connector: 'm', tool: 'do', args: {}, entity_key: 'e', idempotency_key: 'k' };
  expect(ask({ ...line, args: { note: 'x'.repeat(500_000) } }).verdict.decision).toBe('ALLOW');
  expect(ask({ ...line, tool: 'x'.repeat(500_000) }).verdict).toMatchObject({ decision: 'BLOCK' });
  expect(ask({ ...line, ['x'.repeat(500_000)]: 1 }).verdict.reasons[0]?.message.length).toBeLessThanOrEqual(300);
  expect(
    ask({ ...line, args: { ['x'.repeat(500_000)]: '\0' } }).verdict.reasons[0]?.message.length,
  ).toBeLessThanOrEqual(300);
});
