import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { ToolCatalog } from '@holdpoint/shared/domain/tool';
import type { ActionHook } from '@holdpoint/shared/workspace/tenant-hooks';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { compilePolicies } from '../compile/compile.ts';
import { compileHooks } from './before-hooks.ts';
import { type Evaluation, evaluate } from './evaluate.ts';

const env: EventEnvelope = {
  id: 'e',
  source: 'shop',
  type: 't',
  signed: 'body',
  typeSigned: false,
  data: { tier: 'gold' },
};
const amount = z.object({
  amount: z.number().max(1_000),
  note: z.string().trim().optional(),
  card: z.string().optional(),
});
const tools: ToolCatalog = {
  shop: {
    'orders.read': { risk: 'read' },
    'orders.hold': { risk: 'write' },
    'orders.refund': {
      risk: 'write',
      args: amount,
      value: (args: { amount: number }) => args.amount,
      secretArgs: ['card'],
    },
  },
};

type Before = (action: never, env: EventEnvelope) => unknown;
let count = 0;
function hook(before: Before, more: Partial<ActionHook> = {}): ActionHook {
  count += 1;
  const retry = { attempts: 5, delayMs: 10, maxDelayMs: 10 };
  const rest = { id: `h${count}`, priority: 50, critical: true, afterTimeoutMs: 10, retry };
  return { ...rest, ...more, before: before as NonNullable<ActionHook['before']> };
}

const refund = {
  connector: 'shop',
  tool: 'orders.refund',
  args: { amount: 300 },
  entity_key: 'o',
  idempotency_key: 'k',
};
const policies = compilePolicies([{ id: 'cap', maxValue: 500, decision: 'ALLOW' }], { version: 'v' });

function ask(hooks: readonly ActionHook[] | undefined, line: object = {}): Evaluation {
  return evaluate({
    line: { ...refund, ...line },
    operator: 'risk',
    env,
    policies,
    tools,
    grants: undefined,
    hooks: hooks && compileHooks(hooks, tools),
    now: new Date(0),
  });
}

describe('a before hook', () => {
  test('that answers nothing or pass changes nothing but that it was asked', () => {
    const { hooks, ...rest } = ask([hook(() => undefined, { id: 'a' }), hook(() => 'pass', { id: 'b' })]);
    expect(rest).toEqual(ask(undefined));
    expect(hooks).toEqual([
      { hook: 'a', result: 'pass' },
      { hook: 'b', result: 'pass' },
    ]);
  });

  test('that rejects blocks, with its reason and without the secrets in it', () => {
    const said = ask(
      [hook(({ args }: { args: { card: string } }) => ({ reject: `not with ${args.card}` }), { id: 'no' })],
      {
        args: { amount: 1, card: '4242-4242' },
      },
    );
    expect(said.verdict).toMatchObject({
      decision: 'BLOCK',
      reasons: [{ code: 'hook_rejected', policy: 'hook:no', message: 'not with •••' }],
      matched: [],
    });
  });

  test('tells no secret that another hook gave, nor the one that it replaced', () => {
    const given = hook(() => ({ args: { amount: 1, card: '5555-5555' } }), { priority: 1 });
    const telling = hook(({ args }: { args: { card: string } }) => ({ reject: `not ${args.card} for 4242-4242` }));
    const said = ask([given, telling], { args: { amount: 1, card: '4242-4242' } });
    expect(said.verdict.reasons[0]?.message).toBe('not ••• for •••');
  });

  test('that gives arguments has them read by the tool, and the facts derived of them', () => {
    const said = ask([hook(() => ({ args: { amount: 400, note: ' x ' } }))], { value: 300 });
    expect(said.action).toMatchObject({ args: { amount: 400, note: 'x' }, value: 400 });
    expect(said.proposed).toMatchObject({ args: { amount: 300 }, value: 300 });
    expect(said.verdict.decision).toBe('ALLOW');
    expect(ask([hook(() => ({ args: { amount: 600 } }))]).verdict.reasons[0]?.code).toBe('max_value');
  });

  test('cannot make true what was stated falsely', () => {
    const said = ask([hook(() => ({ args: { amount: 10 } }))], { value: 10 });
    expect(said.verdict.reasons[0]?.code).toBe('value_mismatch');
    expect(said.hooks).toBeUndefined();
  });

  test('is asked about reads too, and is shown what it cannot change', () => {
    const meddling = hook((action: { args: Record<string, unknown> }, given) => {
      expect(() => Object.assign(action.args, { amount: 0 })).toThrow();
      expect(() => Object.assign(given.data as object, { tier: 'x' })).toThrow();
      return { reject: 'no reads' };
    });
    const said = ask([meddling], { tool: 'orders.read', args: { all: true } });
    expect(said.verdict.reasons).toMatchObject([{ code: 'hook_rejected', message: 'no reads' }]);
  });

  test('is not asked where the line is refused before, or where it is for others', () => {
    const asked: string[] = [];
    const noting = (id: string, more: Partial<ActionHook>) => hook(() => void asked.push(id), { id, ...more });
    const hooks = [
      noting('all', {}),
      noting('tools', { tools: ['orders.re*'] }),
      noting('other', { tools: ['orders.hold'] }),
      noting('operator', { operator: 'risk' }),
      noting('stranger', { operator: 'other' }),
      noting('connector', { connector: 'shop' }),
    ];
    ask(hooks, { args: { amount: 'much' } });
    expect(asked).toEqual([]);
    ask(hooks);
    expect(asked).toEqual(['all', 'connector', 'operator', 'tools']);
  });

  test.each<[string, Before, string]>([
    ['throws', () => JSON.parse('{'), 'before threw: '],
    ['answers a promise', async () => 'pass', 'before answered a promise'],
    ['rejects with a promise', () => Promise.reject(new Error('x')), 'before answered a promise'],
    ['answers null', () => null, 'before answered null'],
    ['answers true', () => true, 'before answered true'],
    ['answers both', () => ({ args: {}, reject: 'x' }), 'before answered neither'],
    ['answers a stranger', () => ({ allow: true }), 'before answered neither'],
    ['gives no reason', () => ({ reject: ' ' }), 'before answered no reason'],
    ['gives what is not JSON', () => ({ args: { amount: () => 1 } }), 'before answered args.amount: function'],
    [
      'gives more than a plan may have',
      () => ({ args: { amount: 1, note: 'x'.repeat(600_000) } }),
      'before answered args of more than 524288 characters',
    ],
    ['gives a list', () => ({ args: [] }), 'before gave arguments that are refused: args: '],
    [
      'gives what the tool refuses',
      () => ({ args: { amount: 5_000 } }),
      'before gave arguments that are refused: args.amount',
    ],
    [
      'throws as it is read',
      () => ({
        get reject() {
          throw new Error('trap');
        },
      }),
      'before threw: trap',
    ],
  ])('that %s blocks where it is critical, and is passed over where it is not', (_, before, reason) => {
    const blocked = ask([hook(before, { id: 'bad' })]);
    const [said] = blocked.verdict.reasons;
    expect(said).toMatchObject({ code: 'policy_error', policy: 'hook:bad' });
    expect(said?.message).toContain(reason);
    const { hooks, ...passed } = ask([hook(before, { id: 'bad', critical: false })]);
    expect(passed).toEqual(ask(undefined));
    expect(hooks).toMatchObject([{ hook: 'bad', result: 'failed', reason: expect.stringContaining(reason) }]);
  });

  test('for no tool at all is refused', () => {
    expect(() => compileHooks([hook(() => 'pass', { tools: ['orders.refnd'] })], tools)).toThrow(
      'no tool is called so',
    );
  });

  test('tells the watchdog its name, and its end', () => {
    const marks: string[] = [];
    const watch = { begins: (subject: string) => void marks.push(subject), ends: () => void marks.push('.') };
    const line = { ...refund, tool: 'orders.hold', args: {} };
    const hooks = compileHooks([hook(() => 'pass', { id: 'w' })], tools);
    evaluate({ line, operator: 'risk', env, policies, tools, grants: undefined, hooks, now: new Date(0), watch });
    expect(marks).toEqual(['hook:w', '.']);
  });
});

/** Small deeds of hooks, told as data so that a naive reading can do them too. */
const deed = fc.oneof(
  fc.constant({ kind: 'pass' } as const),
  fc.record({ kind: fc.constant('add' as const), by: fc.integer({ min: 0, max: 400 }) }),
  fc.record({ kind: fc.constant('reject' as const), over: fc.integer({ min: 0, max: 900 }) }),
  fc.constant({ kind: 'throw' } as const),
);
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never;
const drawn = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    priority: fc.integer({ min: 0, max: 3 }),
    critical: fc.boolean(),
    deed,
  }),
  { selector: ({ id }) => id },
);
const start = fc.integer({ min: 0, max: 600 });

function toHook({ deed: told, ...rest }: { id: string; priority: number; critical: boolean; deed: Deed }): ActionHook {
  return hook(({ args, value }: { args: { amount: number }; value: number }) => {
    expect(value).toBe(args.amount);
    if (told.kind === 'throw') throw new Error('down');
    if (told.kind === 'add') return { args: { amount: args.amount + told.by } };
    return told.kind === 'reject' && value > told.over ? { reject: 'over' } : undefined;
  }, rest);
}

describe('laws', () => {
  test('hooks are asked by priority and then id, whatever the order of the file; the verdict is that of the arguments they gave', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        drawn.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        start,
        ([all, shuffled], from) => {
          let at = from;
          let refused: string | undefined;
          for (const one of [...all].sort((a, b) =>
            a.priority === b.priority ? a.id.localeCompare(b.id) : a.priority - b.priority,
          )) {
            const { deed: told } = one;
            const tooMuch = told.kind === 'add' && at + told.by > 1_000;
            if (told.kind === 'reject' && at > told.over) refused = `hook_rejected hook:${one.id}`;
            else if ((told.kind === 'throw' || tooMuch) && one.critical) refused = `policy_error hook:${one.id}`;
            else if (told.kind === 'add' && !tooMuch) at += told.by;
            if (refused) break;
          }
          const said = ask(shuffled.map(toHook), { args: { amount: from } });
          const plain = ask(undefined, { args: { amount: at } });
          expect(said.action).toEqual(plain.action);
          const codes = said.verdict.reasons.map(({ code, policy }) => `${code} ${policy}`);
          if (refused) expect(codes).toEqual([refused]);
          else expect(said.verdict).toEqual(plain.verdict);
          for (const { result } of said.hooks ?? []) seen.add(result);
        },
      ),
      { numRuns: 3_000 },
    );
    expect([...seen].sort()).toEqual(['args', 'failed', 'pass', 'reject']);
  });

  test('whatever a hook answers, the verdict is a BLOCK or that of the line with the arguments it gave', () => {
    const args = fc.record({ amount: fc.oneof(fc.integer({ min: 0, max: 1_200 }), fc.anything()) });
    const answers = fc.oneof(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withObjectString: true, withNullPrototype: true }),
      fc.record({ args: fc.oneof(args, fc.anything()) }),
      fc.record({ reject: fc.anything() }),
      fc.record({ args, reject: fc.string() }, { requiredKeys: [] }),
    );
    let given = 0;
    fc.assert(
      fc.property(answers, fc.boolean(), (answer, critical) => {
        const { verdict, hooks } = ask([hook(() => answer, { critical })]);
        const said = hooks?.[0]?.result;
        if (said === 'pass') expect(verdict).toEqual(ask(undefined).verdict);
        else if (said === 'failed' && !critical) expect(verdict).toEqual(ask(undefined).verdict);
        else if (said !== 'args') expect(verdict.decision).toBe('BLOCK');
        else {
          given += 1;
          expect(verdict).toEqual(ask(undefined, { args: (answer as { args: object }).args }).verdict);
        }
      }),
      { numRuns: 3_000 },
    );
    expect(given).toBeGreaterThan(100);
  });
});
