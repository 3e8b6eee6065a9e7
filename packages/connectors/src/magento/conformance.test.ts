import { expectConformance } from '@holdpoint/conformance/report';
import { runConformance } from '@holdpoint/conformance/run-conformance';
import { expect, it } from 'vitest';
import { runner } from './run.ts';
import { conformance } from './testing/conformance.ts';
import { magento } from './tools.ts';

it('does what it says, whatever happens to its calls', { timeout: 120_000 }, async () => {
  const report = await runConformance({ name: 'magento', tools: magento, runner, spec: conformance });
  expectConformance(report);
  expect(report.tools.map(({ tool, repeats }) => `${tool}: ${repeats}`)).toEqual([
    'orders.read: read',
    'orders.hold: asked',
    'orders.unhold: asked',
    'orders.note: asked',
    'orders.refund: asked',
    'orders.cancel: asked',
  ]);
});
