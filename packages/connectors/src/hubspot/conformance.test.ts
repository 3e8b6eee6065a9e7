import { expectConformance } from '@holdpoint/conformance/report';
import { runConformance } from '@holdpoint/conformance/run-conformance';
import { test } from 'vitest';
import { runner } from './run.ts';
import { conformance } from './testing/conformance.ts';
import { hubspot } from './tools.ts';

test('it conforms', { timeout: 120_000 }, async () => {
  expectConformance(await runConformance({ name: 'hubspot', tools: hubspot, runner, spec: conformance }));
});
