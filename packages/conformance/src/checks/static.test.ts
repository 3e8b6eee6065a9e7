import type { ToolsFile } from '@holdpoint/sdk/define';
import { describe, expect, test } from 'vitest';
import { expectConformance } from '../report.ts';
import { runConformance } from '../run-conformance.ts';
import type { ConformanceSpec } from '../spec.ts';
import { tinyConformance, tinyRunner, tinyShop } from '../testing/tiny-shop.ts';

const conform = ({ tools = tinyShop, spec = tinyConformance }: { tools?: ToolsFile; spec?: ConformanceSpec }) =>
  runConformance({ name: 'tiny', tools, runner: tinyRunner(), spec, tool: 'refund' });

describe('a declaration is refused', () => {
  const { tools, ...file } = tinyShop;
  const declaring = (over: object) =>
    conform({
      tools: { ...file, tools: { ...tools, refund: { ...tools.refund, ...over } } } as ToolsFile,
    });
  const trying = (over: object) =>
    conform({
      spec: {
        ...tinyConformance,
        tools: { ...tinyConformance.tools, refund: { ...tinyConformance.tools.refund, ...over } as never },
      },
    });
  let keys = 0;
  const changing = () => `order:${keys++}`;

  test.each<readonly [string, typeof declaring, object, RegExp]>([
    ['a value that is none', declaring, { value: () => Number.NaN }, /its value gives NaN for a finite number/],
    ['a key that changes', declaring, { entityKey: changing }, /once and order:/],
    ['an empty key', declaring, { entityKey: () => '' }, /its entityKey gives {2}for a text that is not empty/],
    ['a secret that is not there', declaring, { secretArgs: ['card.number'] }, /nothing at card\.number/],
    ['an entity without an id', declaring, { entity: { name: 'orders', id: 'order' } }, /no text or number at order/],
    ['an entity that is unknown', declaring, { entity: { name: 'carts', id: 'order_id' } }, /entities has no carts/],
    ['a risk that is none', declaring, { risk: 'none' }, /risk/],
    ['args that its schema refuses', trying, { args: {} }, /refuses the args of its trial/],
    ['invalid args that its schema takes', trying, { invalid: [{ order_id: 'o1', amount: 1 }] }, /takes args that/],
    ['no invalid args', trying, { invalid: [] }, /no args that its schema refuses/],
    ['rejected args that its schema refuses', trying, { rejected: {} }, /refuses the rejected args/],
  ])('for %s', async (_, how, over, says) => {
    const report = await how(over);
    expect(new Set(report.checks.map(({ check }) => check))).toEqual(new Set(['static']));
    expect(() => expectConformance(report)).toThrow(says);
  });
});
