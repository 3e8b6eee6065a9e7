import { expect, test } from 'vitest';
import { operatorConsumer } from './consumers.ts';

test('no two operators of any tenants share a durable: names may hold hyphens', () => {
  const name = (tenant: string, operator: string) => operatorConsumer(tenant, operator, []).config.durable_name;
  expect(name('a-b', 'c')).not.toBe(name('a', 'b-c'));
});
