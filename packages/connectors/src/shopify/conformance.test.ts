import { expectConformance } from '@holdpoint/conformance/report';
import { runConformance } from '@holdpoint/conformance/run-conformance';
import { expect, it } from 'vitest';
import { runner } from './run.ts';
import { conformance } from './testing/conformance.ts';
import { shopify } from './tools.ts';

it('does what it says, whatever happens to its calls', { timeout: 120_000 }, async () => {
  const report = await runConformance({ name: 'shopify', tools: shopify, runner, spec: conformance });
  expectConformance(report);
  expect(report.tools.map(({ tool, repeats }) => `${tool}: ${repeats}`)).toEqual([
    'orders.read: read',
    'orders.hold: key',
    'orders.release: key',
    'orders.note: key',
    'orders.tag: key',
    'orders.refund: key',
    'orders.cancel: asked',
    'customers.tag: key',
  ]);
});
