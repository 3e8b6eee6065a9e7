import type { ConnectorContext, ToolsFile } from '@holdpoint/sdk/define';
import { Retryable, Terminal } from '@holdpoint/sdk/errors';
import type { ConnectorRunner } from '@holdpoint/shared/workspace/connector-runner';
import { describe, expect, test } from 'vitest';
import { type CheckName, expectConformance, failureLine, type Trouble } from './report.ts';
import { runConformance } from './run-conformance.ts';
import type { ConformanceSpec } from './spec.ts';
import { type Send, send, tinyConformance, tinyRunner, tinyShop } from './testing/tiny-shop.ts';

const SILENCE_MS = 150;

interface Tried {
  readonly tools?: ToolsFile;
  readonly runner?: ConnectorRunner;
  readonly spec?: ConformanceSpec;
  readonly tool?: string;
}
const conform = ({ tools = tinyShop, runner = tinyRunner(), spec = tinyConformance, tool }: Tried = {}) =>
  runConformance({ name: 'tiny', tools, runner, spec, tool, timeoutMs: SILENCE_MS });

test('a connector that keeps its word passes, and the report says what becomes of its actions', async () => {
  const report = await conform();
  expectConformance(report);
  expect(report.passed).toBe(true);
  expect(report.tools.map(({ tool, repeats }) => [tool, repeats])).toEqual([
    ['read', 'read'],
    ['refund', 'key'],
    ['ship', 'asked'],
    ['note', 'person'],
    ['label', 'key'],
  ]);
  const outcome = (tool: string, trouble: Trouble) =>
    report.checks.find((one) => one.tool === tool && one.check === 'unknowns' && one.trouble === trouble)?.outcome;
  expect(outcome('read', 'error_before')).toBe('applied');
  for (const trouble of [
    'error_before',
    'reset_after',
    'silence_after',
    'garbled',
    'lost_after',
    'lost_before',
  ] as const) {
    expect(outcome('refund', trouble), trouble).toBe('applied');
    expect(outcome('ship', trouble), trouble).toBe('applied');
    expect(outcome('note', trouble), trouble).toBe('indeterminate');
  }
  const names = new Set(report.checks.map(({ check }) => check));
  expect([...names].sort()).toEqual(
    ['abort', 'answers', 'budget', 'reads', 'reconcile', 'refusals', 'repeats', 'secrets', 'static', 'unknowns'].sort(),
  );
});

test('one tool may be tried alone', async () => {
  const { checks } = await conform({ tool: 'read' });
  expect(new Set(checks.map(({ tool }) => tool))).toEqual(new Set([null, 'read']));
  expect((await conform({ tool: 'fly' })).checks).toMatchObject([
    { verdict: 'failed', why: 'tools.ts declares no fly' },
  ]);
});

/** A connector with one thing wrong, tried by one of its tools, and the check that notices. */
interface Mutant {
  readonly wrong: string;
  readonly tool: string;
  readonly check: CheckName;
  readonly says: RegExp;
  readonly send?: Send;
  readonly run?: Record<string, (args: never, ctx: ConnectorContext) => unknown>;
  readonly reconcile?: ConnectorRunner['reconcile'];
  readonly after?: ConnectorRunner['after'];
}

/** Sends as it should, but for what becomes of an error. */
const instead =
  (of: (error: Error, ctx: ConnectorContext, again: () => Promise<unknown>) => unknown): Send =>
  (ctx, ...request) =>
    send(ctx, ...request).catch((error: Error) => of(error, ctx, () => send(ctx, ...request)));
/** Sends as it should, in a context that is not as it should be. */
const within =
  (over: (ctx: ConnectorContext) => Partial<ConnectorContext>): Send =>
  (ctx, ...request) =>
    send({ ...ctx, ...over(ctx) }, ...request);
const bare = (ctx: ConnectorContext, path: string, init: RequestInit = {}) =>
  ctx.fetch(new URL(path, String(ctx.config.baseUrl)), { ...init, signal: ctx.signal });

const MUTANTS: Mutant[] = [
  {
    wrong: 'calls an internal error retryable',
    tool: 'note',
    check: 'unknowns',
    says: /note: unknowns \(error_after\): .*though it was applied/,
    send: instead((error) => {
      throw error.name === 'Unknown' ? new Retryable('answered 500') : error;
    }),
  },
  {
    wrong: 'calls an internal error a refusal',
    tool: 'refund',
    check: 'unknowns',
    says: /refund: unknowns \(error_after\): .*ended failed, and was applied 1/,
    send: instead((error) => {
      throw error.name === 'Unknown' ? new Terminal('answered 500') : error;
    }),
  },
  {
    wrong: 'calls a reset connection retryable',
    tool: 'note',
    check: 'unknowns',
    says: /\(reset_after\): .*though it was applied/,
    send: instead((error) => {
      throw error.message === 'fetch failed' ? new Retryable('no connection') : error;
    }),
  },
  {
    wrong: 'swallows errors',
    tool: 'note',
    check: 'unknowns',
    says: /\(error_before\): .*it answered, though nothing was applied/,
    send: instead(() => null),
  },
  {
    wrong: 'swallows the page that it cannot read',
    tool: 'refund',
    check: 'unknowns',
    says: /\(garbled\): .*out of an answer that cannot be read/,
    send: instead((error) => {
      if (error instanceof SyntaxError) return null;
      throw error;
    }),
  },
  {
    wrong: 'sends again by itself what may have happened',
    tool: 'note',
    check: 'unknowns',
    says: /\(error_after\): .*applied 2 times/,
    send: instead((error, _ctx, again) => {
      if (error.name === 'Unknown') return again();
      throw error;
    }),
  },
  {
    wrong: 'forgets the key',
    tool: 'refund',
    check: 'repeats',
    says: /the same action again was applied 2 times/,
    send: within(() => ({ idempotencyKey: '' })),
  },
  {
    wrong: 'makes a new key for every attempt',
    tool: 'refund',
    check: 'unknowns',
    says: /\(lost_after\): .*applied 2 times/,
    send: within(({ idempotencyKey, attempt }) => ({ idempotencyKey: `${idempotencyKey}-${attempt}` })),
  },
  {
    wrong: 'has one key for all actions',
    tool: 'refund',
    check: 'repeats',
    says: /does not tell them apart/,
    send: within(() => ({ idempotencyKey: 'refund-of-o1' })),
  },
  {
    wrong: 'looks first, and takes an error of that for an answer',
    tool: 'note',
    check: 'unknowns',
    says: /\(error_before\): on its first request: it answered, though nothing was applied/,
    run: {
      note: async (args: object, ctx) => {
        const found = await bare(ctx, 'o1');
        if (!found.ok) return { notes: 0 };
        return send(ctx, 'POST', 'o1/notes', args);
      },
    },
  },
  {
    wrong: 'calls a rate limit a refusal',
    tool: 'refund',
    check: 'refusals',
    says: /\(rate_limited\): .*refused it for now/,
    send: instead((error) => {
      throw error.name === 'RateLimited' ? new Terminal('answered 429') : error;
    }),
  },
  {
    wrong: 'does not say for how long it is limited',
    tool: 'refund',
    check: 'refusals',
    says: /\(rate_limited\): .*asked for 7 s/,
    send: instead((error) => {
      throw error.name === 'RateLimited' ? new Retryable('answered 429') : error;
    }),
  },
  {
    wrong: 'loses the proof that nothing was sent',
    tool: 'note',
    check: 'refusals',
    says: /the connection was refused, so that nothing was sent/,
    send: instead((error) => {
      throw error.message === 'fetch failed' ? new Error('the shop is down') : error;
    }),
  },
  {
    wrong: 'leaks its token in an error',
    tool: 'read',
    check: 'secrets',
    says: /token stands in what it said \(rejected args/,
    send: instead((error, ctx) => {
      throw Object.assign(error, { message: `${error.message} for ${ctx.secret('token')}` });
    }),
  },
  {
    wrong: 'leaks its token in other letters',
    tool: 'read',
    check: 'secrets',
    says: /token stands in what it said \(a plain call, .* more\)/,
    send: (ctx, ...request) => {
      ctx.log.info({ authorization: Buffer.from(`key:${ctx.secret('token')}`).toString('base64') });
      return send(ctx, ...request);
    },
  },
  {
    wrong: 'logs a secret argument',
    tool: 'note',
    check: 'secrets',
    says: /pin stands in what it said/,
    send: (ctx, method, path, body) => {
      ctx.log.debug({ body });
      return send(ctx, method, path, body);
    },
  },
  {
    wrong: 'repeats what the remote system says of a refused request',
    tool: 'note',
    check: 'secrets',
    says: /token stands in what it said \(echo\)/,
    run: {
      note: async (_args, ctx) => {
        const headers = { authorization: `Bearer ${ctx.secret('token')}` };
        const response = await bare(ctx, 'o1/notes', { method: 'POST', headers, body: '{"text":"hello"}' });
        if (response.status === 400) throw new Terminal(await response.text());
        return response.json();
      },
    },
  },
  {
    wrong: 'ignores that it was called off',
    tool: 'read',
    check: 'abort',
    says: /it goes on for more than/,
    run: { read: async (_args, ctx) => (await fetch(`${ctx.config.baseUrl}o1`)).json() },
  },
  {
    wrong: 'sends once more to say that it was called off',
    tool: 'read',
    check: 'abort',
    says: /called off, it sent 1 more/,
    send: instead(async (error, ctx) => {
      if (ctx.signal.aborted) await fetch(String(ctx.config.baseUrl));
      throw error;
    }),
  },
  {
    wrong: 'takes no note of the allowance',
    tool: 'refund',
    check: 'budget',
    says: /wants ctx.rest\(7\); it rests 0 s/,
    send: within(() => ({ rest() {} })),
  },
  {
    wrong: 'says of what was never sent that it happened',
    tool: 'ship',
    check: 'reconcile',
    says: /it says applied of what did not happen/,
    reconcile: { ship: () => 'applied' },
  },
  {
    wrong: 'says of what happened that it did not',
    tool: 'ship',
    check: 'reconcile',
    says: /it says not_applied of what happened/,
    reconcile: { ship: () => 'not_applied' },
  },
  {
    wrong: 'takes what it cannot read for proof',
    tool: 'ship',
    check: 'reconcile',
    says: /\(garbled\): .*it says not_applied of what happened/,
    reconcile: {
      ship: async (_args: never, ctx: ConnectorContext) => {
        const text = await (await bare(ctx, 'o1')).text();
        return text.includes('"shipped"') ? 'applied' : 'not_applied';
      },
    },
  },
  {
    wrong: 'takes another action’s effect for its own',
    tool: 'note',
    check: 'reconcile',
    says: /the effect that it found is of another action/,
    reconcile: {
      note: async (_args: never, ctx: ConnectorContext) => {
        const notes = (await (await bare(ctx, 'o1/notes', { method: 'POST', body: '{"text":"x"}' })).json()) as {
          notes: number;
        };
        return notes.notes > 1 ? 'applied' : 'not_applied';
      },
    },
  },
  {
    wrong: 'answers a question with something else',
    tool: 'ship',
    check: 'reconcile',
    says: /reconcile answers true for applied/,
    reconcile: { ship: (() => true) as never },
  },
  {
    wrong: 'answers what is no JSON',
    tool: 'read',
    check: 'answers',
    says: /the result is a Map/,
    run: { read: async (_args, ctx) => new Map([[(await bare(ctx, 'o1')).status, 1]]) },
  },
  {
    wrong: 'writes where it says that it reads',
    tool: 'read',
    check: 'reads',
    says: /declares risk: 'read', and applied ship/,
    run: { read: async (_args, ctx) => (await bare(ctx, 'o1/ship', { method: 'POST' })).json() },
  },
  {
    wrong: 'does it twice at once',
    tool: 'note',
    check: 'answers',
    says: /one call was applied 2 times/,
    send: async (ctx, ...request) => {
      await send(ctx, ...request);
      return send(ctx, ...request);
    },
  },
  {
    wrong: 'fails in what follows',
    tool: 'read',
    check: 'answers',
    says: /its after failed/,
    after: { read: () => Promise.reject(new Error('no')) },
  },
];

describe('a connector is caught that', () => {
  test.each(MUTANTS)('$wrong', async ({ tool, check, says, send: by, run, reconcile, after }) => {
    const sound = tinyRunner(by);
    const runner = {
      ...sound,
      run: { ...sound.run, ...run },
      reconcile: { ...sound.reconcile, ...reconcile },
      ...(after && { after }),
    };
    const report = await conform({ runner, tool });
    const failed = report.checks.filter((one) => one.verdict === 'failed');
    expect(report.passed).toBe(false);
    expect(failed.map((one) => one.check)).toContain(check);
    expect(
      failed
        .filter((one) => one.check === check)
        .map(failureLine)
        .join('\n'),
    ).toMatch(says);
    expect(() => expectConformance(report)).toThrow(says);
  });
});
