import { lintReportSchema } from '@holdpoint/policy/analysis/finding';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKit, type Kit, WORKSPACE } from './kit.ts';

let kit: Kit;
beforeAll(async () => {
  const policies = `export default [
    { id: 'small', connector: 'shop', tool: 'orders.refund', maxValue: 500, decision: 'ALLOW' },
    { id: 'review', connector: 'shop', tool: 'orders.refund', when: (action) => { for (;;); }, decision: 'ALERT' },
    { id: 'ask', connector: 'shop', tool: 'orders.refund', decision: 'ALERT' },
  ];`;
  kit = await createKit({ ...WORKSPACE, 'tenants/acme/policies.ts': policies });
});
afterAll(() => kit.stop());

test('the lint of the policies in force is there for who administers them, and asks none of their code', async () => {
  const service = await kit.start();
  const get = (key: string) =>
    fetch(`${service.url}/v1/policies/lint`, { headers: { authorization: `Bearer ${key}` } });
  expect((await get(kit.keys.operator)).status).toBe(403);
  const answer = await get(kit.keys.admin);
  expect(answer.status).toBe(200);
  const report = lintReportSchema.parse(await answer.json());
  expect(report).toMatchObject({ complete: true, more: 0, version: expect.stringMatching(/^p-/) });
  expect(report.findings[0]).toMatchObject({
    code: 'shadowed_tier',
    policies: ['small', 'ask'],
    witnesses: [{ decision: 'ALERT' }, { decision: 'BLOCK' }],
  });
});
