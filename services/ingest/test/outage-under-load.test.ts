import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deliver, eventually, type Harness, ingestHarness } from './harness.ts';

let harness: Harness;
let urls: string[];
beforeAll(async () => {
  harness = await ingestHarness();
  urls = [(await harness.start()).url, (await harness.start()).url];
});
afterAll(() => harness.stop());

const SENDERS = 24;
const EACH = 50;
const RETRY_MS = 25;

/** Delivers until the answer is a success, as a provider does: how many answers there were, by status. */
async function deliverUntilTaken(n: number, statuses: Map<number, number>): Promise<string> {
  for (let tries = 0; ; tries += 1) {
    const url = urls[(n + tries) % urls.length] as string;
    const answer = await deliver(`${url}/hooks/acme/code`, 'github', { body: `{"load":${n}}` });
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    if (answer.status === 202 || answer.status === 200) return answer.body.event_id;
    expect(answer.status).toBe(503);
    await delay(RETRY_MS);
  }
}

it('NATS killed and stopped under load: every 2xx is one event, and nothing else is answered than 503', async () => {
  const statuses = new Map<number, number>();
  const taken: string[] = [];
  const waiting: { count: number; reached: () => void }[] = [];
  const takenAtLeast = (count: number) => new Promise<void>((reached) => waiting.push({ count, reached }));

  const faults = (async () => {
    const { nats } = harness.servers;
    await takenAtLeast(200);
    await nats.kill();
    await nats.start();
    await takenAtLeast(500);
    await nats.restart();
    await takenAtLeast(800);
    await nats.kill();
    await nats.start();
  })();
  const sender = async (lane: number) => {
    for (let n = lane; n < SENDERS * EACH; n += SENDERS) {
      taken.push(await deliverUntilTaken(n, statuses));
      for (const { count, reached } of waiting) if (taken.length >= count) reached();
    }
  };
  await Promise.all([faults, ...Array.from({ length: SENDERS }, (_, lane) => sender(lane))]);

  expect(taken).toHaveLength(SENDERS * EACH);
  expect(new Set(taken).size).toBe(SENDERS * EACH);
  // There was an outage, and it was noticed.
  expect(statuses.get(503)).toBeGreaterThan(0);
  const stored = await eventually(async () => {
    const { state } = await harness.nats.jsm.streams.info('EVENTS', { subjects_filter: 'events.acme.code.>' });
    return state.subjects;
  });
  expect(new Set(Object.keys(stored))).toEqual(new Set(taken.map((id) => `events.acme.${id}`)));
  expect(Object.values(stored).every((count) => count === 1)).toBe(true);
}, 120_000);
