import { CONSUMERS } from '@holdpoint/shared/messages/consumers';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { newId } from '@holdpoint/shared/runtime/ids';
import {
  type BatchConsumer,
  connectNats,
  consumeBatches,
  ensureConsumer,
  ensureStreams,
  isNatsLoss,
  type Nats,
  publishAll,
} from '@holdpoint/shared/runtime/nats';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import type { JsMsg } from '@nats-io/jetstream';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { recordingLogger } from './recording-logger.ts';

let servers: TestServers;
let nats: Nats;
const { logger, lines } = recordingLogger();
const consumers: BatchConsumer[] = [];

beforeAll(async () => {
  servers = await testServers({ redis: false });
  nats = await connectNats({ url: servers.natsUrl, name: 'test', logger });
});
afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.stop()));
});
afterAll(async () => {
  await nats?.close();
  await servers?.stop();
});

const mute = (timeout: number) => nats.js.publish('mute.a', '', { timeout });

test('is not ready while what it publishes is not stored, and again once something is', async () => {
  // Takes what it is sent and says nothing, as a server does that cannot write.
  const heard = nats.nc.subscribe('mute.>');
  const early = mute(200);
  await expect(mute(20)).rejects.toSatisfy(isNatsLoss);
  await expect(nats.ping()).rejects.toThrow('not stored');
  expect(lines.join('\n')).toContain('"family":"mute"');
  heard.unsubscribe();
  await ensureStreams(nats.jsm, [{ name: 'MUTE', subjects: ['mute.>'], max_msgs_per_subject: 1 }], logger);
  await expect(nats.ping()).rejects.toThrow('not stored');
  await mute(2_000);
  await nats.ping();
  // It was sent before what was stored: it says nothing of now.
  await expect(early).rejects.toSatisfy(isNatsLoss);
  await nats.ping();
});

const LONG = { timeout: 20_000, interval: 20 };

/** A stream and a durable of the test's own. */
async function place(ackWaitMs = 30_000) {
  const name = `T${newId().replaceAll('-', '')}`;
  const stream = {
    name,
    subjects: [`${name}.>`],
    storage: 'file',
    retention: 'limits',
    duplicate_window: 120e9,
  } as const;
  const config = {
    durable_name: 'd',
    ack_policy: 'explicit',
    ack_wait: ackWaitMs * 1e6,
    max_ack_pending: 4096,
  } as const;
  const ensure = async () => {
    await ensureStreams(nats.jsm, [stream], logger);
    await ensureConsumer(nats.jsm, { stream: name, config });
  };
  await ensure();
  const publish = (from: number, to: number) =>
    publishAll(
      nats.js,
      Array.from({ length: to - from }, (_, index) => ({
        subject: `${name}.${from + index}`,
        id: `${from + index}`,
        body: String(from + index),
      })),
    );
  return { name, stream, ensure, publish };
}

function consume(
  at: { name: string; ensure(): Promise<unknown> },
  handle: (messages: JsMsg[]) => Promise<unknown>,
  options: Partial<Parameters<typeof consumeBatches>[0]> = {},
) {
  const consumer = consumeBatches({
    js: nats.js,
    stream: at.name,
    durable: 'd',
    logger,
    ensure: at.ensure,
    handle,
    ...options,
  });
  consumers.push(consumer);
  return consumer;
}

const numbers = (upTo: number) => Array.from({ length: upTo }, (_, index) => index);
const sorted = (seen: Iterable<number>) => [...seen].sort((a, b) => a - b);

describe('publishAll', () => {
  test('waits for every acknowledgement; a second round of the same ids stores nothing', async () => {
    const { name, publish } = await place();
    await publish(0, 1_000);
    await publish(0, 1_000);
    expect((await nats.jsm.streams.info(name)).state.messages).toBe(1_000);
  });

  test('a message that no stream takes rejects', async () => {
    await expect(publishAll(nats.js, [{ subject: 'nobody.listens', body: 'x' }])).rejects.toThrow();
  });

  test('headers travel', async () => {
    const at = await place();
    await publishAll(nats.js, [{ subject: `${at.name}.x`, headers: { traceparent: 'abc', 'ce-id': '1' }, body: 'x' }]);
    const message = await nats.jsm.streams.getMessage(at.name, { last_by_subj: `${at.name}.x` });
    expect([message?.header.get('traceparent'), message?.header.get('ce-id')]).toEqual(['abc', '1']);
  });
});

describe('ensureStreams', () => {
  test('a second time changes nothing; other limits are brought to what is asked', async () => {
    const { name, stream, ensure } = await place();
    await ensure();
    await ensureStreams(nats.jsm, [{ ...stream, max_age: 3600e9 }], logger);
    expect((await nats.jsm.streams.info(name)).config.max_age).toBe(3600e9);
  });

  test('instances that start together agree', async () => {
    const name = `T${newId().replaceAll('-', '')}`;
    const asked = [1, 2, 3, 4].map((hours) => ({ name, subjects: [`${name}.>`], max_age: hours * 3600e9 }));
    await Promise.all(asked.map((stream) => ensureStreams(nats.jsm, [stream], logger)));
    expect((await nats.jsm.streams.info(name)).config.subjects).toEqual([`${name}.>`]);
  });

  test('a field that the server keeps otherwise is named in a warning', async () => {
    const { stream } = await place();
    lines.length = 0;
    await ensureStreams(nats.jsm, [{ ...stream, max_msgs: 0 }], logger);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 'warn', stream: stream.name, otherwise: ['max_msgs'] }),
    ]);
  });

  test('the server keeps every declared stream and consumer as declared', async () => {
    lines.length = 0;
    await ensureStreams(nats.jsm, Object.values(STREAMS), logger);
    await ensureStreams(nats.jsm, Object.values(STREAMS), logger);
    expect(lines).toEqual([]);
    for (const consumer of Object.values(CONSUMERS)) {
      const { config } = await ensureConsumer(nats.jsm, consumer);
      expect(config).toMatchObject(consumer.config);
      await ensureConsumer(nats.jsm, consumer);
    }
  });
});

describe('consumeBatches', () => {
  test('headers that are odd, or far too many, keep nobody waiting, and what is good among them is read', async () => {
    const at = await place();
    const publishRaw = (text: string) =>
      nats.js.publish(`${at.name}.x`, 'x', {
        headers: { encode: () => Buffer.from(`NATS/1.0\r\n${text}\r\n`) } as never,
      });
    await publishRaw('odd name: 1\r\nno colon\r\ntraceparent: good\r\n');
    // As many as JetStream takes. The client's own reader held a process for a second over each.
    const many = Array.from({ length: 11_000 }, (_, index) => `${index.toString(36)}:\r\n`).join('');
    for (let count = 0; count < 30; count += 1) await publishRaw(many);
    await nats.js.publish(`${at.name}.x`, 'x');
    const seen: (string | undefined)[] = [];
    consume(at, async (messages) => {
      for (const message of messages) {
        seen.push(message.headers?.get('traceparent'));
        message.ack();
      }
    });
    await vi.waitFor(() => expect(seen).toHaveLength(32), LONG);
    expect(new Set(seen)).toEqual(new Set(['good', '', undefined]));
  });

  test('under load messages come in batches within the limits, each once', async () => {
    const at = await place();
    await at.publish(0, 500);
    const seen: number[] = [];
    const sizes: number[] = [];
    consume(
      at,
      async (messages) => {
        sizes.push(messages.length);
        for (const message of messages) {
          seen.push(Number(message.string()));
          message.ack();
        }
      },
      { maxMessages: 100 },
    );
    await vi.waitFor(() => expect(seen).toHaveLength(500), LONG);
    expect(sorted(seen)).toEqual(numbers(500));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
    expect(sizes.length).toBeLessThan(50);
  });

  test('a batch is bounded in bytes; a larger message goes alone', async () => {
    const at = await place();
    const bodies = [10, 10, 90, 10, 60, 60].map((size) => 'x'.repeat(size));
    await publishAll(nats.js, bodies.map((body, index) => ({ subject: `${at.name}.${index}`, body })).slice(0, 1));
    for (const [index, body] of bodies.slice(1).entries()) {
      await publishAll(nats.js, [{ subject: `${at.name}.${index + 1}`, body }]);
    }
    const batches: number[][] = [];
    consume(
      at,
      async (messages) => {
        batches.push(messages.map((message) => message.data.length));
        for (const message of messages) message.ack();
      },
      { maxBytes: 80, gatherMs: 50 },
    );
    await vi.waitFor(() => expect(batches.flat()).toEqual([10, 10, 90, 10, 60, 60]), LONG);
    for (const batch of batches.filter((sizes) => sizes.length > 1)) {
      expect(batch.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(80);
    }
  });

  test('a lone message does not wait for company', async () => {
    const at = await place();
    const handled: number[] = [];
    consume(at, async (messages) => {
      handled.push(performance.now());
      for (const message of messages) message.ack();
    });
    await at.publish(0, 1);
    await vi.waitFor(() => expect(handled).toHaveLength(1), LONG);
    const published = performance.now();
    await at.publish(1, 2);
    await vi.waitFor(() => expect(handled).toHaveLength(2), { timeout: 2_000, interval: 1 });
    expect((handled[1] ?? Number.NaN) - published).toBeLessThan(250);
  });

  test('what a failed batch left comes again, what it acknowledged does not', async () => {
    const at = await place();
    const seen: number[] = [];
    let failed = false;
    consume(at, async (messages) => {
      for (const message of messages) {
        const number = Number(message.string());
        seen.push(number);
        if (number === 2 && !failed) {
          failed = true;
          throw new Error('poison');
        }
        message.ack();
      }
    });
    await at.publish(0, 5);
    await vi.waitFor(() => expect(new Set(seen).size).toBe(5), LONG);
    expect(seen.filter((number) => number === 0)).toHaveLength(1);
    expect(seen.filter((number) => number === 2)).toHaveLength(2);
  });

  test('a batch that takes longer than the ack wait is not delivered twice', async () => {
    const at = await place(1_000);
    const deliveries: number[] = [];
    let done = false;
    consume(
      at,
      async (messages) => {
        deliveries.push(...messages.map((message) => message.info.deliveryCount));
        const acksPending = async () => (await nats.jsm.consumers.info(at.name, 'd')).num_redelivered;
        const until = performance.now() + 3_000;
        await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(until), LONG);
        expect(await acksPending()).toBe(0);
        for (const message of messages) message.ack();
        done = true;
      },
      { heartbeatMs: 300 },
    );
    await at.publish(0, 3);
    await vi.waitFor(() => expect(done).toBe(true), LONG);
    expect(deliveries.every((count) => count === 1)).toBe(true);
  });

  test('batches survive a restart of NATS: everything published arrives', async () => {
    const at = await place(2_000);
    const seen = new Set<number>();
    consume(at, async (messages) => {
      for (const message of messages) {
        seen.add(Number(message.string()));
        message.ack();
      }
    });
    await at.publish(0, 50);
    await vi.waitFor(() => expect(seen.size).toBe(50), LONG);
    await servers.nats.restart();
    await vi.waitFor(() => at.publish(50, 100), LONG);
    await vi.waitFor(() => expect(seen.size).toBe(100), LONG);
    await servers.nats.kill();
    expect(
      await nats.ping().then(
        () => 'there',
        () => 'away',
      ),
    ).toBe('away');
    await vi.waitFor(() => expect(nats.connected()).toBe(false), LONG);
    const lost = await publishAll(nats.js, [{ subject: `${at.name}.x`, body: 'x' }]).catch((error) => error);
    expect(isNatsLoss(lost)).toBe(true);
    await servers.nats.start();
    await vi.waitFor(() => at.publish(100, 150), LONG);
    await vi.waitFor(() => expect(sorted(seen)).toEqual(numbers(150)), LONG);
    expect(nats.connected()).toBe(true);
    await nats.ping();
  }, 60_000);

  test.each(['stream', 'consumer'])('a %s that was deleted is made again, and consuming goes on', async (what) => {
    const at = await place();
    const seen = new Set<number>();
    consume(at, async (messages) => {
      for (const message of messages) {
        seen.add(Number(message.string()));
        message.ack();
      }
    });
    await at.publish(0, 1);
    await vi.waitFor(() => expect(seen.size).toBe(1), LONG);
    if (what === 'stream') await nats.jsm.streams.delete(at.name);
    else await nats.jsm.consumers.delete(at.name, 'd');
    await vi.waitFor(() => at.publish(1, 2), LONG);
    await vi.waitFor(() => expect(sorted(seen)).toEqual([0, 1]), LONG);
  });

  test('stopping finishes the batch in hand and gives the rest back at once', async () => {
    const at = await place();
    await at.publish(0, 10);
    const handled: number[] = [];
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const consumer = consume(
      at,
      async (messages) => {
        await released;
        for (const message of messages) {
          handled.push(Number(message.string()));
          message.ack();
        }
      },
      { maxMessages: 5 },
    );
    await vi.waitFor(() => expect(consumer.depth).toBe(10), LONG);
    const stopping = consumer.stop();
    release();
    await stopping;
    expect(handled).toEqual([0, 1, 2, 3, 4]);

    const rest: number[] = [];
    const startedAt = performance.now();
    consume(at, async (messages) => {
      for (const message of messages) {
        rest.push(Number(message.string()));
        message.ack();
      }
    });
    await vi.waitFor(() => expect(sorted(rest)).toEqual([5, 6, 7, 8, 9]), LONG);
    // Far below the ack wait: they were given back, not left to time out.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  test('never more than two batches are held, however slow the handler', async () => {
    const at = await place();
    await at.publish(0, 200);
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const consumer = consume(
      at,
      async (messages) => {
        await released;
        for (const message of messages) message.ack();
      },
      { maxMessages: 10 },
    );
    await vi.waitFor(() => expect(consumer.depth).toBeGreaterThanOrEqual(20), LONG);
    const { num_ack_pending } = await nats.jsm.consumers.info(at.name, 'd');
    expect(num_ack_pending).toBeLessThanOrEqual(30);
    expect(consumer.depth).toBeLessThanOrEqual(30);
    release();
  });
});
