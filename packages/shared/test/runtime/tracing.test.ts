import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createLogger } from '../../src/runtime/logger.ts';
import { startTracing } from '../../src/runtime/start-tracing.ts';
import { newTrace } from '../../src/runtime/trace.ts';
import { noTracing, type Tracing } from '../../src/runtime/tracing.ts';

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (let end = ending.pop(); end; end = ending.pop()) await end();
});

/** A collector that answers as it is told, and counts the spans it took. */
async function startCollector(answer: (response: ServerResponse) => void) {
  const taken = { spans: 0, answer };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString());
    taken.spans += resourceSpans.flatMap((each: { scopeSpans: { spans: unknown[] }[] }) =>
      each.scopeSpans.flatMap(({ spans }) => spans),
    ).length;
    taken.answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ending.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { taken, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function startWith(endpoint: string | undefined): Promise<{ tracing: Tracing; lines: { level: string }[] }> {
  const lines: { level: string }[] = [];
  const destination = { write: (text: string) => void lines.push(JSON.parse(text)) };
  const logger = createLogger({ service: 'test', level: 'debug', instance: 'test', destination });
  const tracing = await startTracing({ service: 'ingest', instance: 'i', endpoint, logger });
  ending.push(() => tracing.stop());
  return { tracing, lines };
}

function record(tracing: Tracing, count: number): void {
  for (let index = 0; index < count; index += 1) {
    tracing.record(() => ({
      name: 'webhook',
      kind: 'server',
      trace: newTrace(),
      startedAtMs: performance.now(),
      attributes: { index },
    }));
  }
}

async function eventually(check: () => void): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    try {
      return check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

const levels = (lines: readonly { level: string }[], level: string) => lines.filter((line) => line.level === level);
const accept = (response: ServerResponse) => void response.writeHead(200).end('{}');
const refuse = (response: ServerResponse) => void response.writeHead(400).end();

test('without an endpoint a span is not even described', async () => {
  const { tracing } = await startWith(undefined);
  expect(tracing).toBe(noTracing);
  tracing.record(() => expect.unreachable());
});

test('what was recorded before the stop reaches the collector', async () => {
  const { taken, url } = await startCollector(accept);
  const { tracing, lines } = await startWith(`${url}/`);
  record(tracing, 700);
  await tracing.stop();
  expect(taken.spans).toBe(700);
  expect(lines).toEqual([]);
});

test('a collector that refuses is warned of once, and again when it was well in between', async () => {
  const { taken, url } = await startCollector(refuse);
  const { tracing, lines } = await startWith(url);
  // Full batches leave at once.
  record(tracing, 512);
  await eventually(() => expect(levels(lines, 'warn')).toHaveLength(1));
  record(tracing, 512);
  await eventually(() => expect(levels(lines, 'debug')).toHaveLength(1));
  taken.answer = accept;
  record(tracing, 512);
  await eventually(() => expect(levels(lines, 'info')).toHaveLength(1));
  taken.answer = refuse;
  record(tracing, 512);
  await eventually(() => expect(levels(lines, 'warn')).toHaveLength(2));
});

test('what a collector does not take in time is dropped at a bound, and the stop does not wait for it', async () => {
  const { url } = await startCollector(() => {});
  const { tracing, lines } = await startWith(url);
  record(tracing, 2_048);
  expect(lines).toEqual([]);
  record(tracing, 3);
  expect(levels(lines, 'warn')).toHaveLength(1);
  expect(levels(lines, 'debug')).toHaveLength(2);
  await tracing.stop();
});

test('a span that cannot be described is dropped, and nobody hears of it but the log', async () => {
  const { url } = await startCollector(accept);
  const { tracing, lines } = await startWith(url);
  tracing.record(() => {
    throw new TypeError('ours');
  });
  expect(levels(lines, 'warn')).toHaveLength(1);
});
