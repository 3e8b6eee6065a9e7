import { eventSubject } from '@holdpoint/shared/messages/subjects';
import { WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  ask,
  CRM_URL,
  deliver,
  eventually,
  type Harness,
  ingestHarness,
  metric,
  writeHooks,
} from './harness.ts';

let harness: Harness;
let adminKey: string;

beforeAll(async () => {
  harness = await ingestHarness();
  adminKey = await harness.key('acme');
});
afterAll(() => harness.stop());

/** An instance of its own with these hooks, by tenant. */
async function startWith(hooks: Readonly<Record<string, string>>): Promise<string> {
  await writeHooks(harness, hooks);
  return (await harness.start()).url;
}

let count = 0;
const pay = (url: string, fields: Record<string, unknown> = {}, tenant = 'acme'): Promise<Answer> => {
  count += 1;
  const body = JSON.stringify({ id: `evt_${count}`, type: 'charge.succeeded', ...fields });
  return deliver(`${url}/hooks/${tenant}/payments`, 'stripe', { body });
};
const stored = (tenant: string, id: string) =>
  harness.nats.jsm.direct.getMessage('EVENTS', { last_by_subj: eventSubject(tenant, id as never) });
const storedCount = async () => (await harness.nats.jsm.streams.info('EVENTS')).state.messages;
const runs = (url: string, hook: string, result: string) => metric(url, 'hook_runs_total', { hook, result });

function expectUnavailable(answer: Answer): void {
  expect([answer.status, answer.body.code]).toEqual([503, 'DEPENDENCY_UNAVAILABLE']);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
}

describe('a before hook', () => {
  it('filters: the sender is answered 200, nothing is published, and it is counted', async () => {
    const url = await startWith({
      acme: "{ id: 'large', source: 'payments', types: ['charge.*'], before: async ({ data }) => data.amount > 100 ? 'pass' : { filter: 'small' } }",
    });
    const before = await storedCount();
    const small = await pay(url, { amount: 5 });
    expect([small.status, small.body]).toEqual([200, { status: 'filtered' }]);
    expect(await storedCount()).toBe(before);
    expect((await pay(url, { amount: 500 })).status).toBe(202);
    expect((await pay(url, { amount: 5, type: 'charge.dispute.created' })).status).toBe(202);
    expect(await metric(url, 'deliveries_total', { source: 'payments', result: 'filtered' })).toBe(1);
    expect([await runs(url, 'large', 'filter'), await runs(url, 'large', 'pass')]).toEqual([1, 1]);
  });

  it('rejects: the sender is told why, and that trying again is of no use', async () => {
    const url = await startWith({ acme: "{ id: 'live-only', before: () => ({ reject: 'no test mode here' }) }" });
    const answer = await pay(url);
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ code: 'EVENT_REJECTED', retryable: false, detail: 'no test mode here' });
    expect(await metric(url, 'deliveries_total', { source: 'payments', result: 'rejected' })).toBe(1);
  });

  it('annotates: the stream and the API show it, and the bytes are as they came', async () => {
    const url = await startWith({
      acme: `{ id: 'late', priority: 90, before: () => ({ pass: true, annotations: { tier: 'lead', region: 'göteborg' } }) },
        { id: 'early', priority: 5, before: (event) => {
          try { event.data.amount = 1; } catch {}
          return { pass: true, annotations: { tier: 'gold', amount: event.data.amount } };
        } }`,
    });
    const { body } = await pay(url, { amount: 900 });
    const message = await stored('acme', body.event_id);
    expect(message?.header.get('ce-tier')).toBe('gold');
    expect(message?.header.get('ce-region')).toBe('g%C3%B6teborg');
    expect(JSON.parse(Buffer.from(message?.data ?? []).toString())).toMatchObject({ amount: 900 });
    const shown = await ask(`${url}/v1/events/${body.event_id}`, adminKey);
    expect(shown.body.annotations).toEqual({ tier: 'gold', amount: '900', region: 'göteborg' });
    const listed = await ask(`${url}/v1/events?limit=1`, adminKey);
    expect(listed.body.items[0].annotations).toEqual(shown.body.annotations);
    const replay = await ask(`${url}/v1/events/${body.event_id}/replay`, adminKey, { method: 'POST', body: {} });
    expect((await stored('acme', replay.body.id))?.header.get('ce-tier')).toBe('gold');
  });

  it('that throws, is slow or says nothing keeps the event outside where it is critical', async () => {
    const url = await startWith({
      acme: `{ id: 'picky', timeoutMs: 100, before: async ({ data }) => {
        if (data.deed === 'throw') throw new Error('no\\u0000luck');
        if (data.deed === 'wait') await new Promise(() => {});
        if (data.deed === 'pass') return 'pass';
      } }`,
    });
    const before = await storedCount();
    for (const deed of ['throw', 'wait', 'nothing']) expectUnavailable(await pay(url, { deed }));
    expect(await storedCount()).toBe(before);
    for (const result of ['threw', 'timeout', 'invalid']) expect(await runs(url, 'picky', result)).toBe(1);
    expect(harness.logs.some((line) => line.includes('threw: no luck'))).toBe(true);
    expect((await pay(url, { deed: 'pass' })).status).toBe(202);
  });

  it('that is not critical lets pass what it fails on, and others still decide', async () => {
    const url = await startWith({
      acme: `{ id: 'enrich', priority: 1, critical: false, timeoutMs: 100, before: async ({ data }) => {
          if (data.deed === 'throw') throw new Error('no luck');
          if (data.deed === 'wait') await new Promise(() => {});
          if (data.deed === 'loop') for (;;);
          if (data.deed === 'exit') process.exit(0);
          return { pass: true, annotations: { 'not a name': 1 } };
        } },
        { id: 'guard', before: ({ data }) => data.bad ? { filter: 'bad' } : 'pass' }`,
    });
    for (const deed of ['throw', 'wait', 'loop', 'exit', 'none']) {
      expect([deed, (await pay(url, { deed })).status]).toEqual([deed, 202]);
      expect([deed, (await pay(url, { deed, bad: true })).body.status]).toEqual([deed, 'filtered']);
    }
    for (const result of ['threw', 'timeout', 'invalid']) expect(await runs(url, 'enrich', result)).toBe(2);
    expect(await runs(url, 'enrich', 'stuck')).toBe(4);
  });
});

describe('a batch', () => {
  it('has each of its items asked about, and is sent again only where one could not be', async () => {
    const url = await startWith({
      bulk: `{ id: 'sift', before: ({ data }) => {
        if (data.do === 'throw') throw new Error('no luck');
        return data.do === 'filter' ? { filter: 'old' } : data.do === 'reject' ? { reject: 'odd' } : 'pass';
      } }`,
    });
    const send = (...deeds: string[]) => {
      const items = deeds.map((deed, index) => ({ eventId: index, subscriptionType: 'contact.creation', do: deed }));
      return deliver(`${url}/hooks/bulk/crm`, 'hubspot', { body: JSON.stringify(items), url: CRM_URL });
    };
    const mixed = await send('pass', 'filter', 'reject');
    expect(mixed.status).toBe(202);
    expect(mixed.body.items).toEqual([
      { status: 'accepted', event_id: expect.any(String) },
      { status: 'filtered' },
      { status: 'rejected', reason: 'odd' },
    ]);
    expect((await send('filter', 'filter')).status).toBe(200);
    expectUnavailable(await send('also', 'throw'));
    expect((await send('also', 'pass')).body.items[0].status).toBe('duplicate');
  });
});

describe('a file of hooks', () => {
  const refusal = async (acme: string): Promise<string> => {
    const error = await startWith({ acme }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WorkspaceError);
    return String(error);
  };

  it('that cannot be used stops the start, and is named with what is wrong', async () => {
    const at = 'tenants/acme/hooks.ts:';
    const before = "before: () => 'pass'";
    expect(await refusal(`{ id: 'x', source: 'nowhere', ${before} }`)).toContain(
      `${at} webhooks.0.source: x: the tenant has no source nowhere`,
    );
    expect(await refusal(`{ id: 'x', ${before} }, { id: 'x', ${before} }`)).toContain(`${at} webhooks.1.id: x stands`);
    expect(await refusal("{ id: 'x' }")).toContain(`${at} webhooks.0: has neither before nor after`);
    expect(await refusal(`{ id: 'x', ${before}, timeoutMs: 5000 }`)).toContain(`${at} webhooks.0.timeoutMs`);
    expect(await refusal('nothing')).toContain(`${at} cannot be loaded: nothing is not defined`);
    expect(await refusal('process.exit(0)')).toContain(`${at} cannot be loaded: its code ended the thread`);
    expect(await refusal("], actions: [{ id: 'no-refunds' }")).toContain(
      `${at} actions.0: has neither before nor after`,
    );
  });
});

describe('a hook that loops for ever', () => {
  const LOOP = "{ id: 'spin', timeoutMs: 200, before: ({ data }) => { if (data.spin) for (;;); return 'pass'; } }";

  it("is answered 503 for, and nobody else's deliveries wait for it", async () => {
    const url = await startWith({ acme: LOOP, zeta: "{ id: 'calm', before: () => 'pass' }" });
    let looping = true;
    const spinning = Promise.all(
      Array.from({ length: 3 }, async () => {
        const answer = await pay(url, { spin: true });
        expectUnavailable(answer);
      }),
    ).finally(() => {
      looping = false;
    });
    const others: number[] = [];
    while (looping) {
      const startedAt = performance.now();
      expect((await pay(url, {}, 'zeta')).status).toBe(202);
      others.push(performance.now() - startedAt);
    }
    await spinning;
    expect(others.length).toBeGreaterThan(5);
    expect(Math.max(...others)).toBeLessThan(1_000);
    // The last of them may have been in hand twice for the others' sake.
    expect((await runs(url, 'spin', 'stuck')) + (await runs(url, 'spin', 'unanswered'))).toBe(3);
    expect((await pay(url)).status).toBe(202);
  });

  it('does not take along what came with it', async () => {
    const url = await startWith({ acme: LOOP });
    const answers = await Promise.all([pay(url), pay(url), pay(url, { spin: true }), pay(url), pay(url)]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 503, 202, 202]);
  });

  it('after its first await is ended as well', async () => {
    const url = await startWith({
      acme: "{ id: 'late-spin', timeoutMs: 200, before: async ({ data }) => { await null; if (data.spin) for (;;); return 'pass'; } }",
    });
    expectUnavailable(await pay(url, { spin: true }));
    await eventually(async () => (await pay(url)).status === 202);
  });
});
