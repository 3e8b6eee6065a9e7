import { runAfter } from '@holdpoint/hooks/run-after';
import type { WebhookHook } from '@holdpoint/shared/workspace/tenant-hooks';
import type { AcceptedEvent, BeforeAnswer } from '@holdpoint/shared/workspace/webhook-hook';
import { expect, it } from 'vitest';
import { runBefore } from './run-before.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const running = {
  watch:
    () =>
    <T>(piece: () => T) =>
      piece(),
  log: () => silent,
  db: {},
};
const event = { id: 'payments.charge.k', data: { amount: 5 } } as unknown as AcceptedEvent;
const asked: string[] = [];

function hook(id: string, answer: () => unknown, over: Partial<WebhookHook> = {}): WebhookHook {
  const retry = { attempts: 5, delayMs: 1, maxDelayMs: 1 };
  const before = () => {
    asked.push(id);
    return answer() as BeforeAnswer;
  };
  return { id, priority: 50, critical: true, timeoutMs: 50, afterTimeoutMs: 50, retry, before, after: answer, ...over };
}

async function ask(...hooks: WebhookHook[]) {
  asked.length = 0;
  const { runs, outcome } = await runBefore(hooks, event, running);
  return { outcome, asked: [...asked], results: runs.map(({ result }) => result) };
}

const annotate = (annotations: Record<string, string>) => () => ({ pass: true, annotations });
const fail = () => {
  throw new Error('no luck');
};
const never = () => new Promise(() => undefined);

it('annotations of all hooks that pass come together', async () => {
  const passed = await ask(
    hook('a', annotate({ x: '1' })),
    hook('b', async () => 'pass'),
    hook('c', annotate({ y: '2' })),
  );
  expect(passed).toEqual({
    outcome: { kind: 'pass', annotations: { x: '1', y: '2' } },
    asked: ['a', 'b', 'c'],
    results: ['pass', 'pass', 'pass'],
  });
});

it('the first that filters or rejects ends it', async () => {
  const filter = hook('f', async () => ({ filter: 'small' }));
  const reject = hook('r', () => ({ reject: 'odd' }));
  const filtered = await ask(
    hook('a', () => 'pass'),
    filter,
    reject,
  );
  expect(filtered).toMatchObject({ outcome: { kind: 'filter', hook: 'f', reason: 'small' }, asked: ['a', 'f'] });
  expect(await ask(reject, filter)).toMatchObject({ outcome: { kind: 'reject', hook: 'r' }, asked: ['r'] });
});

it('a critical one that fails ends it, one that is not critical passes and adds nothing', async () => {
  const ends = await ask(
    hook('a', fail),
    hook('b', () => 'pass'),
  );
  expect(ends).toMatchObject({ outcome: { kind: 'failed', hook: 'a', reason: 'threw: no luck' }, asked: ['a'] });
  const passes = await ask(
    hook('a', fail, { critical: false }),
    hook('b', never, { critical: false }),
    hook('c', () => ({ pass: true, annotations: { type: 'x' } }), { critical: false }),
    hook('d', annotate({ y: '2' })),
  );
  expect(passes).toMatchObject({
    outcome: { kind: 'pass', annotations: { y: '2' } },
    results: ['threw', 'timeout', 'invalid', 'pass'],
  });
});

it('one that blocks for longer than its time is late, whatever it then answers', async () => {
  const slow = hook('a', () => {
    for (const end = performance.now() + 80; performance.now() < end; );
    return 'pass';
  });
  expect(await ask(slow)).toMatchObject({ outcome: { kind: 'failed', hook: 'a' }, results: ['timeout'] });
});

it('what a hook throws after its time, or while its error is read, ends nothing', async () => {
  const late = hook('a', () => new Promise((_, reject) => setTimeout(reject, 60, new Error('late'))));
  expect(await ask(late)).toMatchObject({ results: ['timeout'] });
  const unreadable = hook('b', () => {
    throw Object.defineProperty(new Error('x'), 'message', { get: fail });
  });
  expect(await ask(unreadable)).toMatchObject({
    outcome: { kind: 'failed', reason: 'threw: something that cannot be read' },
  });
});

it('an after hook is told which attempt it is, and that its time is up', async () => {
  const seen: unknown[] = [];
  const after = hook('a', () => undefined, {
    after: (_event, ctx) => {
      seen.push(ctx.attempt);
      ctx.signal.addEventListener('abort', () => seen.push('aborted'));
      return ctx.attempt === 1 ? never() : 'whatever';
    },
  });
  expect(await runAfter(after, event, 1, running)).toMatchObject({ outcome: { kind: 'failed', hook: 'a' } });
  expect(await runAfter(after, event, 2, running)).toMatchObject({
    outcome: { kind: 'pass' },
    runs: [{ result: 'done' }],
  });
  expect(seen).toEqual([1, 'aborted', 2]);
});
