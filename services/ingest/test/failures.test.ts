import { once } from 'node:events';
import { isSubjectTaken } from '@holdpoint/shared/messages/publish-refusal';
import { eventSubjects } from '@holdpoint/shared/messages/subjects';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, ask, deliver, eventually, type Harness, ingestHarness, metric } from './harness.ts';
import { startProcess, urlOf } from './process.ts';

let harness: Harness;
let url: string;

beforeAll(async () => {
  harness = await ingestHarness();
  url = (await harness.start()).url;
});
afterAll(() => harness.stop());

const push = (at: string, body: string): Promise<Answer> =>
  deliver(`${at}/hooks/acme/code`, 'github', { body, type: 'watch' });

/** How many events of the source are stored. */
async function storedOf(source: string): Promise<number> {
  const info = await harness.nats.jsm.streams.info('EVENTS', { subjects_filter: eventSubjects('acme', source) });
  return Object.keys(info.state.subjects ?? {}).length;
}

function expectUnavailable(answer: Answer): void {
  expect([answer.status, answer.body.code, answer.body.retryable]).toEqual([503, 'DEPENDENCY_UNAVAILABLE', true]);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
}

describe('many at once', () => {
  it('200 racing deliveries of one event through two instances store exactly one, and one is told so', async () => {
    const other = (await harness.start()).url;
    const before = await storedOf('code');
    const answers = await Promise.all(Array.from({ length: 200 }, (_, at) => push(at % 2 ? url : other, '{"race":1}')));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(1);
    expect(statuses.filter((status) => status === 200)).toHaveLength(199);
    expect(new Set(answers.map(({ body }) => body.event_id)).size).toBe(1);
    expect(await storedOf('code')).toBe(before + 1);
  });

  it('an instance knows what another accepted, and so does one started later', async () => {
    expect((await push(url, '{"shared":1}')).status).toBe(202);
    expect((await push((await harness.start()).url, '{"shared":1}')).status).toBe(200);
  });
});

describe('without Postgres', () => {
  it('webhooks are accepted and the service is ready; only what needs a key waits', async () => {
    const alone = await harness.start({ databaseUrl: 'postgres://nobody:nothing@127.0.0.1:1/none' });
    expect((await push(alone.url, '{"no":"postgres"}')).status).toBe(202);
    expect((await fetch(`${alone.url}/readyz`)).status).toBe(200);
    expectUnavailable(await ask(`${alone.url}/v1/events`, 'hp_0123456789abcdef0123456789'));
  });
});

describe('when the event store fails', () => {
  it('a full stream is 503, never a duplicate, though JetStream uses the same code', async () => {
    const { jsm, js } = harness.nats;
    const { config, state } = await jsm.streams.info('EVENTS');
    await jsm.streams.update('EVENTS', { ...config, max_bytes: state.bytes + 10 });
    const refusal = await js.publish('events.acme.code.push.full', 'x'.repeat(100)).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 10077 });
    expect(isSubjectTaken(refusal)).toBe(false);

    expectUnavailable(await push(url, '{"full":1}'));
    expect(await metric(url, 'deliveries_total', { source: 'code', result: 'unavailable' })).toBe(1);
    await jsm.streams.update('EVENTS', config);
    expect((await push(url, '{"full":1}')).status).toBe(202);
  });

  it('a duplicate is still a duplicate while the stream is full', async () => {
    expect((await push(url, '{"kept":1}')).status).toBe(202);
    const { jsm } = harness.nats;
    const { config, state } = await jsm.streams.info('EVENTS');
    await jsm.streams.update('EVENTS', { ...config, max_bytes: state.bytes + 10 });
    const again = await push(url, '{"kept":1}');
    await jsm.streams.update('EVENTS', config);
    expect([again.status, again.body.status]).toEqual([200, 'duplicate']);
  });

  it('a store that does not answer is 503, and the retry ends in one event', async () => {
    const hasty = await harness.start({
      publisher: { timeoutMs: 400, inFlightMax: 2, inFlightMaxBytes: 1_000_000, retryAfterSeconds: 7 },
    });
    const before = await storedOf('code');
    process.kill(harness.servers.nats.pid, 'SIGSTOP');
    let answers: Answer[];
    try {
      answers = await Promise.all([1, 2, 3].map((n) => push(hasty.url, `{"hang":${n}}`)));
    } finally {
      process.kill(harness.servers.nats.pid, 'SIGCONT');
    }
    for (const answer of answers) {
      expectUnavailable(answer);
      expect(answer.headers.get('retry-after')).toBe('7');
    }
    const details = answers.map(({ body }) => body.detail).sort();
    expect(details).toEqual([
      'the event could not be stored',
      'the event could not be stored',
      'too many events are being stored',
    ]);

    await Promise.all(
      [1, 2, 3].map((n) =>
        eventually(async () => [200, 202].includes((await push(hasty.url, `{"hang":${n}}`)).status)),
      ),
    );
    expect(await storedOf('code')).toBe(before + 3);
  });

  it('without NATS the answer is 503 at once, and after its restart all is as before', async () => {
    const first = await push(url, '{"before":"restart"}');
    expect(first.status).toBe(202);
    await harness.servers.nats.stop();
    await eventually(async () => (await fetch(`${url}/readyz`)).status === 503);
    const startedAt = performance.now();
    expectUnavailable(await push(url, '{"during":"restart"}'));
    expect(performance.now() - startedAt).toBeLessThan(1_000);

    await harness.servers.nats.start();
    await eventually(async () => (await fetch(`${url}/readyz`)).status === 200);
    expect((await push(url, '{"during":"restart"}')).status).toBe(202);
    expect((await push(url, '{"before":"restart"}')).body).toEqual({
      status: 'duplicate',
      event_id: first.body.event_id,
    });
    // The tests that follow speak to the server by a connection of their own.
    await eventually(() =>
      harness.nats.ping().then(
        () => true,
        () => false,
      ),
    );
  });

  it('a stream that is gone is set up again', async () => {
    await harness.nats.jsm.streams.delete('EVENTS');
    expectUnavailable(await push(url, '{"gone":1}'));
    await eventually(async () => (await push(url, '{"gone":1}')).status === 202);
    const { config } = await harness.nats.jsm.streams.info('EVENTS');
    expect(config).toMatchObject({ max_msgs_per_subject: 1, discard_new_per_subject: true, allow_direct: true });
  });
});

describe('a crash', () => {
  it('between publish and PubAck is answered with nothing, and the retry ends in one event', async () => {
    const before = await storedOf('code');
    const child = startProcess(harness);
    try {
      const at = await urlOf(child);
      expect((await push(at, '{"alive":1}')).status).toBe(202);
      process.kill(harness.servers.nats.pid, 'SIGSTOP');
      const cut = push(at, '{"crash":1}').then(
        () => 'answered',
        () => 'cut',
      );
      await eventually(async () => (await metric(at, 'publishes_in_flight')) === 1);
      child.kill('SIGKILL');
      expect(await cut).toBe('cut');
    } finally {
      process.kill(harness.servers.nats.pid, 'SIGCONT');
      child.kill('SIGKILL');
    }
    // The publish that was under way may have arrived after all: then the retry is a duplicate, else it is the event.
    await eventually(async () => [200, 202].includes((await push(url, '{"crash":1}')).status));
    expect((await push(url, '{"crash":1}')).status).toBe(200);
    expect(await storedOf('code')).toBe(before + 2);
  });

  it('is not what SIGTERM is: the process drains and ends with 0', async () => {
    const child = startProcess(harness);
    const at = await urlOf(child);
    expect((await push(at, '{"drained":1}')).status).toBe(202);
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
  });

  it('is not what a bad configuration is: one line names what is wrong', async () => {
    const child = startProcess(harness, { NATS_URL: 'http://nats' });
    const lines: string[] = [];
    child.stderr?.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
    expect((await once(child, 'exit'))[0]).toBe(78);
    expect(lines.join('')).toMatch(/^NATS_URL: must be a URL[^\n]*\n$/);
  });
});
