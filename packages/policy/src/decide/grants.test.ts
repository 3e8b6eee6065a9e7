import { expect, test } from 'vitest';
import { grantCovers, grantCoversSource } from './grants.ts';

const grants = [
  { operator: 'order-risk', tools: ['magento:orders.*', 'slack:messages.send'], sources: ['magento'] },
  { operator: 'order-risk', tools: ['*:notes.add'], sources: ['slack'] },
  { operator: 'root', tools: ['*:*'] },
  { operator: 'shop', tools: ['magento:*', 'orders.hold'], sources: [] },
];

test.each([
  ['order-risk', 'magento', 'orders.hold', true],
  ['order-risk', 'magento', 'customers.delete', false],
  ['order-risk', 'shopify', 'orders.hold', false],
  ['order-risk', 'slack', 'messages.send', true],
  ['order-risk', 'slack', 'messages.delete', false],
  ['order-risk', 'hubspot', 'notes.add', true],
  ['root', 'anything', 'a.b.c', true],
  ['shop', 'magento', 'orders.hold', true],
  ['shop', 'slack', 'orders.hold', false],
  ['stranger', 'magento', 'orders.hold', false],
])('%s proposing %s %s: %s', (operator, connector, tool, expected) => {
  expect(grantCovers(grants, operator, connector, tool)).toBe(expected);
});

test('no grants declared lets every operator propose every tool on every event', () => {
  expect(grantCovers(undefined, 'stranger', 'magento', 'orders.hold')).toBe(true);
  expect(grantCoversSource(undefined, 'stranger', 'magento')).toBe(true);
});

test('an empty list of grants lets nobody propose anything', () => {
  expect(grantCovers([], 'root', 'magento', 'orders.hold')).toBe(false);
  expect(grantCoversSource([], 'root', 'magento')).toBe(false);
});

test.each([
  ['order-risk', 'magento', true],
  ['order-risk', 'slack', true],
  ['order-risk', 'stripe', false],
  ['root', 'stripe', true],
  ['shop', 'magento', false],
  ['stranger', 'magento', false],
])('%s acting on events of %s: %s', (operator, source, expected) => {
  expect(grantCoversSource(grants, operator, source)).toBe(expected);
});
