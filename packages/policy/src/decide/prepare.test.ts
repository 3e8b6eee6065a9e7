import type { Tool, ToolCatalog } from '@holdpoint/shared/domain/tool';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { prepareAction } from './prepare.ts';

const tools: ToolCatalog = {
  magento: {
    'orders.read': { risk: 'read' },
    'orders.hold': { risk: 'write' },
    'orders.refund': {
      risk: 'write',
      args: z.strictObject({ order_id: z.number().int(), amount: z.coerce.number(), note: z.string().default('none') }),
      value: ({ amount }: { amount: number }) => amount,
      entityKey: ({ order_id }: { order_id: number }) => `order:${order_id}`,
    },
  },
};
const hold = { connector: 'magento', tool: 'orders.hold', args: {}, entity_key: 'order:1', idempotency_key: 'k-1' };
const refund = {
  connector: 'magento',
  tool: 'orders.refund',
  args: { order_id: 1, amount: '95' },
  idempotency_key: 'k-1',
};

/** One code and its messages, or what was prepared. */
function outcome(line: unknown, catalog: ToolCatalog = tools) {
  const prepared = prepareAction(line, catalog);
  if (prepared.ok) return prepared.action;
  return { code: prepared.reasons[0]?.code, messages: prepared.reasons.map(({ message }) => message) };
}

function withTool(definition: Partial<Tool>): ToolCatalog {
  return { magento: { 'orders.hold': { risk: 'write', ...definition } } };
}

describe('a line that says what it must', () => {
  test('comes back with its risk, and null for what it does not say', () => {
    expect(outcome(hold)).toEqual({
      connector: 'magento',
      tool: 'orders.hold',
      risk: 'write',
      args: {},
      value: null,
      entity_key: 'order:1',
      idempotency_key: 'k-1',
    });
  });

  test('carries the arguments as the schema parsed them, and the derived facts', () => {
    expect(outcome(refund)).toMatchObject({
      args: { order_id: 1, amount: 95, note: 'none' },
      value: 95,
      entity_key: 'order:1',
    });
  });

  test('may state what is derived, if it states the same', () => {
    expect(outcome({ ...refund, value: 95, entity_key: 'order:1' })).toMatchObject({
      value: 95,
      entity_key: 'order:1',
    });
  });

  test('needs neither key for a read', () => {
    expect(outcome({ connector: 'magento', tool: 'orders.read', args: {} })).toMatchObject({ risk: 'read' });
  });

  test('does not share its arguments with the proposal', () => {
    const args = { items: [{ qty: 1 }] };
    const prepared = prepareAction({ ...hold, args }, tools);
    args.items.push({ qty: 2 });
    expect(prepared).toMatchObject({ ok: true, action: { args: { items: [{ qty: 1 }] } } });
  });

  test('has no negative zero', () => {
    expect(outcome({ ...hold, value: -0 })).toMatchObject({ value: 0 });
  });
});

describe('a proposer cannot understate itself', () => {
  test('by value', () => {
    expect(outcome({ ...refund, value: 5 })).toEqual({
      code: 'value_mismatch',
      messages: ['value is 5, but the arguments make it 95'],
    });
  });

  test('by entity', () => {
    expect(outcome({ ...refund, entity_key: 'order:2' })).toEqual({
      code: 'entity_mismatch',
      messages: ['entity_key is order:2, but the arguments make it order:1'],
    });
  });
});

describe('a line is invalid', () => {
  test.each<[string, unknown, string]>([
    ['that is no object', 'orders.hold', 'Invalid input'],
    ['that is null', null, 'Invalid input'],
    ['without arguments', { ...hold, args: undefined }, 'args: '],
    ['with a list for arguments', { ...hold, args: [] }, 'args: '],
    ['with a field nobody knows', { ...hold, valeu: 1 }, 'valeu'],
    ['with a negative value', { ...hold, value: -1 }, 'value: '],
    ['with an infinite value', { ...hold, value: Number.POSITIVE_INFINITY }, 'value: '],
    ['with a value beyond 2^53', { ...hold, value: 2 ** 53 }, 'value: a number that cannot be held exactly'],
    ['with such an argument', { ...hold, args: { a: [{ id: 2 ** 60 }] } }, 'args.a.0.id: a number that cannot be held'],
    ['without an entity key', { ...hold, entity_key: undefined }, 'entity_key: is missing'],
    ['without an idempotency key', { ...hold, idempotency_key: undefined }, 'idempotency_key: is missing'],
    ['with a NUL in its arguments', { ...hold, args: { note: 'a\0b' } }, 'args.note: text with a NUL'],
    ['with half a surrogate pair', { ...hold, args: { note: '\ud800' } }, 'args.note: text with half of a surrogate'],
    ['with a __proto__ argument', JSON.parse('{"args":{"a":{"__proto__":{}}}}'), 'args.a.__proto__: __proto__ is not'],
    ['with arguments its schema refuses', { ...refund, args: { order_id: 'x', amount: 1 } }, 'args.order_id: '],
  ])('%s', (_, line, message) => {
    expect(outcome(line)).toMatchObject({
      code: 'invalid_action',
      messages: [expect.stringContaining(message)],
    });
  });

  test('that nests deeper than anything that handles it later', () => {
    const nested = (depth: number): unknown => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
    expect(outcome({ ...hold, args: nested(64) })).toMatchObject({ risk: 'write' });
    expect(outcome({ ...hold, args: nested(65) })).toMatchObject({ code: 'invalid_action' });
    expect(
      outcome({ ...hold, args: { deep: JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`) } }),
    ).toMatchObject({ code: 'invalid_action', messages: [expect.stringMatching(/nests deeper than 64$/)] });
  });

  test('and says everything that is wrong, sorted', () => {
    const { messages } = outcome({ connector: 'Magento', tool: '', args: {}, value: 'x' }) as { messages: string[] };
    expect(messages.map((message) => message.split(':')[0])).toEqual(['connector', 'tool', 'value']);
  });
});

describe('a tool is looked up by own properties only', () => {
  test.each([
    ['shopify', 'orders.hold', 'no connector is called shopify'],
    ['magento', 'orders.hodl', 'magento has no tool orders.hodl'],
    ['constructor', 'name', 'no connector is called constructor'],
    ['magento', '__proto__', 'magento has no tool __proto__'],
    ['magento', 'constructor', 'magento has no tool constructor'],
  ])('%s %s', (connector, tool, message) => {
    expect(outcome({ ...hold, connector, tool })).toEqual({ code: 'unknown_tool', messages: [message] });
  });

  test('what a catalog only inherits is not in it', () => {
    const inherited: ToolCatalog = Object.create(tools);
    expect(outcome(hold, inherited)).toMatchObject({ code: 'unknown_tool' });
    expect(outcome(hold, { magento: Object.create(tools.magento ?? null) })).toMatchObject({ code: 'unknown_tool' });
  });

  test('one that declares no known risk is no tool', () => {
    expect(outcome(hold, withTool({ risk: 'harmless' as never }))).toMatchObject({ code: 'unknown_tool' });
  });
});

describe("an author's code that fails", () => {
  const standard = (validate: (value: unknown) => unknown) =>
    ({ '~standard': { version: 1, vendor: 'test', validate } }) as unknown as NonNullable<Tool['args']>;

  test.each<[string, Partial<Tool>, string, string]>([
    ['a schema that answers a promise', { args: standard(async () => ({ value: {} })) }, 'invalid_action', 'a promise'],
    [
      'one whose promise rejects',
      { args: standard(() => Promise.reject(new Error('late'))) },
      'invalid_action',
      'promise',
    ],
    ['a schema that throws', { args: standard(() => [].at(0) ?? JSON.parse('{')) }, 'invalid_action', 'schema threw: '],
    ['a schema that answers nothing', { args: standard(() => undefined) }, 'invalid_action', 'answered nothing'],
    [
      'a schema that makes a Date',
      { args: standard(() => ({ value: { at: new Date(0) } })) },
      'invalid_action',
      'args.at: ',
    ],
    ['a value that throws', { value: () => JSON.parse('{') }, 'policy_error', 'value of magento orders.hold threw: '],
    ['a value that is text', { value: () => '5' as never }, 'policy_error', 'answered "5", not an amount'],
    ['a value that is not a number', { value: () => Number.NaN }, 'policy_error', 'answered NaN, not an amount'],
    ['a negative value', { value: () => -1 }, 'policy_error', 'answered -1, not an amount'],
    ['a value that comes later', { value: (async () => 5) as never }, 'policy_error', 'answered a promise'],
    ['an entity key that is empty', { entityKey: () => '' }, 'policy_error', 'answered "", not a key'],
    ['an entity key that is nothing', { entityKey: (() => undefined) as never }, 'policy_error', 'answered nothing'],
    [
      'a value that changes the arguments',
      { value: (args: object) => Object.assign(args, { amount: 1 }).amount },
      'policy_error',
      'threw: ',
    ],
  ])('%s', (_, definition, code, message) => {
    expect(outcome(hold, withTool(definition))).toEqual({ code, messages: [expect.stringContaining(message)] });
  });

  test('is not called for a read, nor when the line is invalid', () => {
    const marks: string[] = [];
    const watch = { begins: (subject: string) => void marks.push(subject), ends: () => undefined };
    const catalog: ToolCatalog = {
      magento: { look: { risk: 'read', value: () => 5 }, do: { risk: 'write', value: () => 5 } },
    };
    prepareAction({ ...hold, tool: 'look' }, catalog, watch);
    prepareAction({ ...hold, tool: 'do', idempotency_key: '' }, catalog, watch);
    expect(marks).toEqual([]);
    prepareAction({ ...hold, tool: 'do' }, catalog, watch);
    expect(marks).toEqual(['magento:do']);
  });
});

describe('what is salvaged of a refused line', () => {
  const salvaged = (line: unknown) => {
    const prepared = prepareAction(line, tools);
    return prepared.ok ? undefined : prepared.salvage;
  };
  const nothing = {
    connector: '',
    tool: '',
    risk: null,
    args: null,
    value: null,
    entity_key: null,
    idempotency_key: null,
  };

  test('everything that can be stored', () => {
    const { entity_key: _, ...line } = { ...hold, value: 5, args: { a: 1 } };
    expect(salvaged(line)).toEqual({ ...line, risk: 'write', entity_key: null });
  });

  test('nothing that cannot', () => {
    const line = { connector: 'a\0b', tool: 5, args: { x: '\0' }, value: -5, entity_key: 'a\nb', idempotency_key: '' };
    expect(salvaged(line)).toEqual({ ...nothing, connector: 'a b' });
  });

  test.each([[null], [undefined], [5], ['line'], [[]], [true]])('from %j, nothing', (line) => {
    expect(salvaged(line)).toEqual(nothing);
  });

  test('names are cut to what a record holds', () => {
    expect(salvaged({ ...hold, tool: 'x'.repeat(100_000) })?.tool.length).toBe(64);
  });
});
