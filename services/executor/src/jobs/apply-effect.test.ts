import { createLogger } from '@holdpoint/shared/runtime/logger';
import { expect, test } from 'vitest';
import type { Context } from '../context.ts';
import type { ClaimedAction } from '../core/claimed-action.ts';
import { applyEffect } from './apply-effect.ts';

test('a fault of ours is an end too, for a claim without one would be held for ever', async () => {
  const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
  const tool = () => {
    throw new TypeError('ours');
  };
  const context = { connectors: { tool }, logger } as unknown as Context;
  const end = async (risk: 'read' | 'write') =>
    (await applyEffect(context, { id: 'a', tenant: 't', connector: 'c', tool: 'do', risk } as ClaimedAction)).to;
  expect(await end('write')).toBe('indeterminate');
  expect(await end('read')).toBe('failed');
});
