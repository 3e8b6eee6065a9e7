import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CallEnd } from './call-end.ts';
import { classifyFailure } from './classify-failure.ts';
import { type AttemptFacts, endAttempt } from './end-attempt.ts';
import { settleDead, settleDelayMs } from './settlement.ts';

const facts = (over: Partial<AttemptFacts> = {}): AttemptFacts => ({
  tool: { risk: 'write' },
  attempts: 1,
  unsure: false,
  random: 0.5,
  ...over,
});
const named = (name: string, more: object = {}) => Object.assign(new Error('why'), { name }, more);
const end = (error: unknown, over: Partial<AttemptFacts> = {}, notSent = false) =>
  endAttempt(classifyFailure(error, { notSent }), facts(over));

describe('what a thrown error comes to', () => {
  test.each([
    ['Terminal', 'failed'],
    ['Retryable', 'queued'],
    ['RateLimited', 'queued'],
    ['Unknown', 'indeterminate'],
    ['TypeError', 'indeterminate'],
  ])('%s → %s', (name, to) => expect(end(named(name)).to).toBe(to));

  test('a plain object with a name speaks as well as a class', () => {
    expect(end({ name: 'Terminal', message: 'no' })).toEqual({ to: 'failed', error: 'no' });
    expect(end('words')).toEqual({ to: 'indeterminate', error: 'threw words' });
    expect(end(null).to).toBe('indeterminate');
  });

  test('what provably never left is tried again', () => {
    const error = new Error('fetch failed', { cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'X' }) });
    expect(end(error, {}, true)).toMatchObject({
      to: 'queued',
      unsure: false,
      error: 'fetch failed: connect ECONNREFUSED',
    });
  });
});

test('unknown: an idempotent tool is tried again and stays unsure, a read is tried again, another waits for a person', () => {
  const unknown = named('Unknown');
  expect(end(unknown, { tool: { risk: 'write', idempotent: true } })).toMatchObject({ to: 'queued', unsure: true });
  expect(end(unknown, { tool: { risk: 'read' } })).toMatchObject({ to: 'queued', unsure: false });
  expect(end(unknown).to).toBe('indeterminate');
});

test('unknown, of a tool that can be asked: it is asked when its settle delay is over, a bounded number of times', () => {
  const unknown = named('Unknown');
  expect(end(unknown, { askInMs: 700 })).toEqual({ to: 'queued', error: 'why', retry_in_ms: 700, unsure: true });
  expect(end(unknown, { askInMs: 700, attempts: 9 }).to).toBe('queued');
  expect(end(unknown, { askInMs: 700, attempts: 10 }).to).toBe('indeterminate');
  const both = { tool: { risk: 'write', idempotent: true }, askInMs: 700_000 } as const;
  expect(end(unknown, both)).toMatchObject({ to: 'queued', unsure: true });
  expect(end(unknown, { ...both, random: 0 })).toMatchObject({ retry_in_ms: 0 });
});

test('tries are bounded; one that may have happened never ends as failed for want of tries', () => {
  const last = { attempts: 5 };
  expect(end(named('Retryable'), last).to).toBe('failed');
  expect(end(named('Retryable'), { ...last, unsure: true }).to).toBe('indeterminate');
  expect(end(named('Unknown'), { ...last, tool: { risk: 'write', idempotent: true } }).to).toBe('indeterminate');
  expect(end(named('Unknown'), { ...last, tool: { risk: 'read' } }).to).toBe('failed');
  expect(end(named('Retryable'), { attempts: 2, tool: { risk: 'write', retry: { attempts: 2 } } }).to).toBe('failed');
});

test('a refusal of a later attempt does not say that an earlier one did not happen', () => {
  expect(end(named('Terminal'), { attempts: 2, unsure: true })).toEqual({ to: 'indeterminate', error: 'why' });
  expect(end(named('Terminal'), { attempts: 2 }).to).toBe('failed');
});

test('waits grow, are jittered in full, stay within their limit and never undercut what was asked for', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempts, random) => {
      const tool = { risk: 'write', retry: { attempts: 100, minDelayMs: 100, maxDelayMs: 5_000 } } as const;
      const retried = end(named('Retryable'), { tool, attempts, random });
      const asked = end(named('RateLimited', { retryAfterSeconds: 3 }), { tool, attempts, random });
      if (retried.to !== 'queued' || asked.to !== 'queued') throw new Error('not retried');
      expect(retried.retry_in_ms).toBeLessThanOrEqual(Math.min(5_000, 100 * 2 ** (attempts - 1)));
      expect(asked.retry_in_ms).toBe(3_000 + retried.retry_in_ms);
    }),
  );
});

test('whatever a call does, an effect that may have happened is never queued for a tool that is not idempotent', () => {
  const ends = fc.constantFrom<CallEnd>(
    { kind: 'answered', result: 1 },
    { kind: 'refused', message: 'm' },
    { kind: 'unknown', message: 'm' },
  );
  fc.assert(
    fc.property(ends, fc.integer({ min: 1, max: 9 }), fc.boolean(), (ended, attempts, unsure) => {
      expect(endAttempt(ended, facts({ attempts, unsure })).to).not.toBe('queued');
    }),
  );
});

test('a lost worker’s attempt is settled by what its tool declares', () => {
  expect(settleDead({ risk: 'read' }, 1).to).toBe('queued');
  expect(settleDead({ risk: 'write', idempotent: true }, 1)).toMatchObject({ to: 'queued', unsure: true });
  expect(settleDead({ risk: 'write', idempotent: true }, 5).to).toBe('indeterminate');
  expect(settleDead({ risk: 'write' }, 1).to).toBe('indeterminate');
  expect(settleDead({ risk: 'write' }, 1, 900)).toMatchObject({ to: 'queued', retry_in_ms: 900, unsure: true });
  expect(settleDead({ risk: 'write', idempotent: true }, 1, 900)).toMatchObject({ to: 'queued', retry_in_ms: 0 });
  expect(settleDead(undefined, 1).to).toBe('indeterminate');
});

test('a read whose workers die of it is tried no more often than one that fails', () => {
  expect(settleDead({ risk: 'read' }, 4).to).toBe('queued');
  expect(settleDead({ risk: 'read' }, 5)).toMatchObject({ to: 'failed', error: expect.stringContaining('lost') });
  expect(settleDead({ risk: 'read', retry: { attempts: 2 } }, 2).to).toBe('failed');
});

test('nothing is asked before its call has had its time, whatever the tool says', () => {
  const limits = { settleDelayMs: 45_000, callTimeoutMs: 30_000, leaseMs: 15_000 };
  expect(settleDelayMs({}, limits)).toBe(45_000);
  expect(settleDelayMs({ settleDelayMs: 0 }, limits)).toBe(45_000);
  expect(settleDelayMs({ settleDelayMs: 90_000 }, limits)).toBe(90_000);
  expect(settleDelayMs({ settleDelayMs: 1_000, timeoutMs: 5_000 }, limits)).toBe(20_000);
  expect(settleDelayMs({ timeoutMs: 600_000 }, limits)).toBe(615_000);
});
