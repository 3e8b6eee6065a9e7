import type { Approval } from '@holdpoint/shared/domain/approval';
import { approvalSubject, approvalSubjects } from '@holdpoint/shared/messages/subjects';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats, type Nats } from '@holdpoint/shared/runtime/nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { castVote } from '../src/store/cast-vote.ts';
import { type Bench, call, eventually, givenApp, givenApproval, openBench, TENANT, voter } from './fixtures.ts';

let bench: Bench;
let nats: Nats;
let alice: string;

beforeAll(async () => {
  bench = await openBench();
  alice = await bench.issuer.token('alice');
  const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
  nats = await connectNats({ url: bench.servers.natsUrl, name: 'test', logger });
});
afterAll(async () => {
  await nats?.close();
  await bench?.stop();
});

interface StreamEvent {
  readonly event: string;
  readonly data: Approval;
}

/** Reads a stream of server-sent events in the background. */
async function openStream(url: string, token: string) {
  const controller = new AbortController();
  const response = await fetch(`${url}/v1/approvals/stream`, {
    headers: { authorization: `Bearer ${token}` },
    signal: controller.signal,
  });
  const events: StreamEvent[] = [];
  let text = '';
  let comments = 0;
  const ended = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (event !== undefined && data !== undefined) events.push({ event, data: JSON.parse(data) });
        else if (/^:/m.test(block)) comments += 1;
      }
    }
  })().catch(() => undefined);
  return { response, events, ended, comments: () => comments, close: () => controller.abort() };
}

describe('the stream', () => {
  it('tells what is asked, said, voted and resolved, on any instance, to its tenant only', async () => {
    const [one, two] = await Promise.all([bench.start(), bench.start()]);
    const foreign = await givenApp(bench.owner, ['read'], { tenant: 'other' });
    const [stream, strange] = await Promise.all([openStream(one.url, alice), openStream(one.url, foreign)]);
    expect(stream.response.headers.get('content-type')).toContain('text/event-stream');
    const key = await givenApp(bench.owner, ['plan']);
    const asked = await call(two.url, key, 'POST', '/v1/approvals', { reason: 'two\nlines', audience: 'reviewer' });
    await call(two.url, alice, 'POST', `/v1/approvals/${asked.body.id}/comments`, { text: 'hm' });
    await call(two.url, alice, 'POST', `/v1/approvals/${asked.body.id}/approve`);
    await eventually('all four came', () => (stream.events.length >= 4 ? true : undefined));
    expect(stream.events.map(({ event }) => event).sort()).toEqual([
      'approval.commented',
      'approval.requested',
      'approval.resolved',
      'approval.voted',
    ]);
    expect(stream.events.find(({ event }) => event === 'approval.resolved')?.data).toMatchObject({
      id: asked.body.id,
      status: 'granted',
      reason: 'two\nlines',
    });
    await nats.nc.flush();
    expect(strange.events).toEqual([]);
    expect(await call(one.url, undefined, 'GET', '/v1/approvals/stream')).toMatchObject({ status: 401 });
    stream.close();
    strange.close();
  });

  it('passes on no forged fact of another tenant, nor what is no approval', async () => {
    const service = await bench.start();
    const stream = await openStream(service.url, alice);
    const { approvalId } = await givenApproval(bench.owner);
    const { body } = await call(service.url, alice, 'GET', `/v1/approvals/${approvalId}`);
    const subject = approvalSubject(TENANT, 'granted', 'order-risk');
    nats.nc.publish(subject, JSON.stringify({ ...body, tenant: 'other' }));
    nats.nc.publish(subject, '{"id":"nonsense"}');
    nats.nc.publish(subject, 'not json');
    nats.nc.publish(subject, JSON.stringify({ ...body, status: 'granted' }));
    await eventually('the last came', () => stream.events[0]);
    expect(stream.events).toHaveLength(1);
    // It believed the message no further than to show it: the row is what counts.
    expect((await call(service.url, alice, 'GET', `/v1/approvals/${approvalId}`)).body.status).toBe('pending');
    stream.close();
  });

  it('beats, is bounded, and ends when the service drains', async () => {
    const each = { streamClientsPerCallerMax: 1, waitersPerCallerMax: 1 };
    const service = await bench.start({ ...each, streamClientsMax: 2, streamHeartbeatMs: 20 });
    const stream = await openStream(service.url, alice);
    await eventually('it beats', () => (stream.comments() > 3 ? true : undefined));
    expect(await call(service.url, alice, 'GET', '/v1/approvals/stream')).toMatchObject({
      status: 429,
      body: { code: 'RATE_LIMIT', retryable: true },
    });
    // One caller's places are not another's.
    const other = await openStream(service.url, await bench.issuer.token('zoe'));
    const { approvalId } = await givenApproval(bench.owner);
    const path = `/v1/approvals/${approvalId}?wait=60`;
    const waiting = call(service.url, alice, 'GET', path);
    await eventually('it waits', async () => {
      const text = await (await fetch(`${service.url}/metrics`)).text();
      return /^holdpoint_approval_waiters\{[^}]*\} 1$/m.test(text) || undefined;
    });
    // Whose places are taken is answered at once.
    expect((await call(service.url, alice, 'GET', path)).body.status).toBe('pending');
    const before = performance.now();
    await service.stop();
    expect(performance.now() - before).toBeLessThan(2_000);
    expect((await waiting).body.status).toBe('pending');
    await Promise.all([stream.ended, other.ended]);
  });
});

describe('a fact', () => {
  it('whose instance died between commit and publish is told by another', async () => {
    const question = await givenApproval(bench.owner);
    // The commit of an instance that was gone before it could publish.
    await castVote(bench.db, {
      tenant: TENANT,
      approvalId: question.approvalId,
      voter: voter('alice'),
      vote: 'deny',
      comment: 'no',
    });
    const heard: string[] = [];
    nats.nc.subscribe(approvalSubjects(TENANT), {
      callback: (_error, message) => {
        if (message.json<Approval>().id === question.approvalId) heard.push(message.subject);
      },
    });
    await nats.nc.flush();
    await bench.start();
    await eventually('it is told', () => (heard.includes('approvals.acme.denied.order-risk') ? true : undefined));
    await eventually('nothing is left behind', async () => {
      const left = await bench.owner.selectFrom('outbox').select('id').execute();
      return left.length === 0 || undefined;
    });
  });

  it('that could not be published waits while NATS is away, and people still decide', async () => {
    const service = await bench.start();
    const { approvalId } = await givenApproval(bench.owner);
    await bench.servers.nats.stop();
    expect(await call(service.url, alice, 'POST', `/v1/approvals/${approvalId}/approve`)).toMatchObject({
      status: 200,
      body: { status: 'granted' },
    });
    expect(await call(service.url, undefined, 'GET', '/readyz')).toMatchObject({ status: 503 });
    // Its waiters look at the row, for no fact can come.
    const late = await givenApproval(bench.owner, { ttlMs: 300 });
    expect((await call(service.url, alice, 'GET', `/v1/approvals/${late.approvalId}?wait=20`)).body.status).toBe(
      'expired',
    );
    await bench.servers.nats.start();
    await eventually('the outbox is empty', async () => {
      const left = await bench.owner.selectFrom('outbox').select('id').execute();
      return left.length === 0 || undefined;
    });
  });
});
