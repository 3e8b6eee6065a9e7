import { request } from 'node:http';
import { until } from '@holdpoint/stack/until';
import { ask, type Door } from './calls.ts';

const STORM_MAX_MS = 120_000;

export interface Storm {
  /** Of one vote, from sent to answered, with everybody listening. */
  readonly votesPerSecond: number;
  /** Events that reached a reader, of all of them. */
  readonly eventsPerSecond: number;
}

/** So many readers of the stream, and votes as fast as one person casts them: each reader hears of each decision. */
export async function storm(door: Door, readers: number, ids: readonly string[]): Promise<Storm> {
  const opened = await Promise.all(Array.from({ length: readers }, () => openReader(door)));
  try {
    const startedAt = performance.now();
    await Promise.all(
      [0, 1, 2, 3].map(async (lane) => {
        for (const id of ids.filter((_, index) => index % 4 === lane))
          await ask(door, `/v1/approvals/${id}/approve`, {});
      }),
    );
    const votedMs = performance.now() - startedAt;
    const heard = await until(
      () => opened.every(({ resolved }) => resolved() >= ids.length) || undefined,
      STORM_MAX_MS,
      20,
    );
    if (!heard) throw new Error('a reader did not hear of every decision');
    const heardMs = performance.now() - startedAt;
    return {
      votesPerSecond: (ids.length / votedMs) * 1000,
      eventsPerSecond: ((ids.length * readers) / heardMs) * 1000,
    };
  } finally {
    for (const { close } of opened) close();
  }
}

interface Reader {
  resolved(): number;
  close(): void;
}

/** Counts decisions without reading what they say: the reader is not what is measured. */
function openReader({ url, token }: Door): Promise<Reader> {
  return new Promise((resolve, reject) => {
    let resolved = 0;
    let rest = '';
    const sent = request(`${url}/v1/approvals/stream`, { headers: { authorization: `Bearer ${token}` }, agent: false });
    sent.on('error', reject);
    sent.on('response', (response) => {
      if (response.statusCode !== 200) return reject(new Error(`the stream answered ${response.statusCode}`));
      response.setEncoding('latin1').on('data', (text: string) => {
        const parts = (rest + text).split('event: approval.resolved\n');
        resolved += parts.length - 1;
        rest = (parts.at(-1) ?? '').slice(-64);
      });
      response.on('error', () => undefined);
      resolve({ resolved: () => resolved, close: () => sent.destroy() });
    });
    sent.end();
  });
}
