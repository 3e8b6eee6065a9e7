import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HoldpointError, toProblem } from '@holdpoint/shared/domain/errors';
import { standInApproval } from '@holdpoint/shared/testing/stand-in-approval';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type ApprovalEvent, createClient } from '../src/client.ts';

type Connection = (response: ServerResponse) => void;

const connections: Connection[] = [];
const seen: { url: string | undefined; authorization: string | undefined }[] = [];
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push({ url: request.url, authorization: request.headers.authorization });
    const next = connections.shift();
    if (next) next(response);
    else response.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  connections.length = 0;
  seen.length = 0;
});

const says = (event: string, id: string, reason = 'a hold'): string =>
  `event: ${event}\ndata: ${JSON.stringify(standInApproval({ id, reason }))}\n\n`;
const opened = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' });

async function take(
  count: number,
  options: Parameters<ReturnType<typeof createClient>['approvals']['stream']>[0] = {},
) {
  const found: ApprovalEvent[] = [];
  for await (const one of createClient({ url, key: 'hp_key' }).approvals.stream(options)) {
    found.push(one);
    if (found.length === count) break;
  }
  return found;
}

it('says what is said, however its bytes are cut, and passes over what it does not know', async () => {
  connections.push((response) => {
    opened(response).write('retry: 2000\n: listening\n\n');
    const text = `${says('approval.later-invention', 'a0')}event: approval.voted\ndata: {"id":\n\n${says('approval.requested', 'a1', 'ü \u2028 ✓')}${says('approval.resolved', 'a2').replaceAll('\n', '\r\n')}`;
    for (const byte of Buffer.from(text)) response.write(Buffer.from([byte]));
  });
  expect((await take(2)).map(({ event, approval }) => [event, approval.id, approval.reason])).toEqual([
    ['approval.requested', 'a1', 'ü \u2028 ✓'],
    ['approval.resolved', 'a2', 'a hold'],
  ]);
  expect(seen).toEqual([{ url: '/v1/approvals/stream', authorization: 'Bearer hp_key' }]);
});

it('comes back where the stream breaks or ends, and says so where it broke', async () => {
  const busy = new HoldpointError('RATE_LIMIT', 'too many open streams');
  connections.push(
    (response) => opened(response).end(says('approval.requested', 'a1')),
    (response) => opened(response).write(says('approval.voted', 'a2'), () => response.destroy()),
    (response) => response.writeHead(429).end(JSON.stringify(toProblem(busy))),
    (response) => opened(response).write(says('approval.resolved', 'a3')),
  );
  const lost: [string, number][] = [];
  const found = await take(3, { onLost: ({ code }, retryMs) => lost.push([code, retryMs]) });
  expect(found.map(({ approval }) => approval.id)).toEqual(['a1', 'a2', 'a3']);
  expect(lost).toEqual([
    ['DEPENDENCY_UNAVAILABLE', 1_000],
    ['RATE_LIMIT', 2_000],
  ]);
});

it('throws where it is refused for good', async () => {
  const refusal = new HoldpointError('UNAUTHENTICATED', 'the API key is not known');
  connections.push((response) => response.writeHead(401).end(JSON.stringify(toProblem(refusal))));
  connections.push((response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'));
  await expect(take(1)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  await expect(take(1)).rejects.toMatchObject({ code: 'INTERNAL' });
  expect(seen).toHaveLength(2);
});

it('ends with its signal, also while it waits', async () => {
  const ending = new AbortController();
  const closed = new Promise<void>((resolve) => {
    connections.push((response) => {
      response.on('close', resolve);
      opened(response).write(says('approval.requested', 'a1'));
    });
  });
  const stream = createClient({ url, key: 'hp_key' }).approvals.stream({ signal: ending.signal });
  expect((await stream.next()).value?.approval.id).toBe('a1');
  const next = stream.next();
  ending.abort();
  expect(await next).toEqual({ done: true, value: undefined });
  await closed;
});
