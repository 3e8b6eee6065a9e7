import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signDelivery } from '../src/testing/sign-delivery.ts';
import { deliver, type Harness, ingestHarness, SECRET } from './harness.ts';

let harness: Harness;
let url: string;
beforeAll(async () => {
  harness = await ingestHarness();
  ({ url } = await harness.start());
});
afterAll(() => harness.stop());

const RUNS = 400;
/** Who waits for more of a request says nothing: it has had all of it. */
const QUIET_MAX_MS = 400;
const ANSWER_MAX_MS = 20_000;

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/);
/** Mostly what HTTP allows, and what it does not. */
const bytesOf = (maxLength: number) =>
  fc.oneof(
    fc.string({ unit: 'binary-ascii', maxLength }).map((text) => Buffer.from(text, 'latin1')),
    fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
  );

const path = fc.oneof(
  { weight: 6, arbitrary: fc.constant('/hooks/acme/code') },
  fc.constantFrom(
    '/hooks/acme/code',
    '/hooks/acme/payments',
    '/hooks/acme/std',
    '/hooks/acme/wide',
    '/agents/triage/subscriptions/orders',
  ),
  fc.constantFrom(
    '/hooks/acme/nobody',
    '/hooks//code',
    '/hooks/%',
    '/hooks/acme/%00',
    '/hooks/acme/code?a=%ff&&=',
    '*',
    '',
  ),
  fc.tuple(token, token).map(([tenant, source]) => `/hooks/${tenant}/${source}`),
  fc.string({ maxLength: 60 }).map((text) => `/hooks/${text}`),
);
const method = fc.oneof(
  { weight: 6, arbitrary: fc.constant('POST') },
  { weight: 1, arbitrary: fc.constantFrom('GET', 'HEAD', 'PUT', 'OPTIONS', 'DELETE', 'CONNECT', 'TRACE', 'PATCH') },
  { weight: 1, arbitrary: token },
);
const KNOWN = [
  'content-type',
  'content-encoding',
  'expect',
  'traceparent',
  'x-forwarded-for',
  'x-hub-signature-256',
  'x-github-event',
  'x-github-delivery',
  'stripe-signature',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'x-fabric-signature',
  'idempotency-key',
  'host',
  'connection',
];
const header = fc.tuple(
  fc.oneof(fc.constantFrom(...KNOWN), token),
  fc.oneof({ weight: 3, arbitrary: token.map((text) => Buffer.from(text)) }, { weight: 1, arbitrary: bytesOf(80) }),
);
const framing = fc.oneof(
  { weight: 3, arbitrary: fc.constant('length' as const) },
  { weight: 2, arbitrary: fc.constant('chunked' as const) },
  fc.constantFrom(
    'content-length: 0',
    'content-length: -1',
    'content-length: 9999999999999999999',
    'content-length: 3\r\ncontent-length: 4',
    'content-length: 5\r\ntransfer-encoding: chunked',
    'transfer-encoding: gzip, chunked',
    'transfer-encoding: identity',
    'x: y',
  ),
);
const request = fc.record({
  method,
  path,
  version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTP/1', ''),
  headers: fc.array(header, { maxLength: 6 }),
  signed: fc.boolean(),
  framing,
  body: bytesOf(400),
  cuts: fc.array(fc.nat({ max: 2_000 }), { maxLength: 4 }),
  /** Ends its side at once: Node then answers nothing any more. */
  hangsUp: fc.boolean(),
});
type Fuzzed = typeof request extends fc.Arbitrary<infer R> ? R : never;

it('answers whatever bytes come with a refusal or an event, never with a fault of its own', async () => {
  const seen = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(request, async (fuzzed) => {
      const statuses = statusesOf(await exchange(onTheWire(fuzzed), fuzzed));
      for (const status of statuses) {
        seen.set(status, (seen.get(status) ?? 0) + 1);
        expect(status < 500 || status === 503 || status === 505, `answered ${status}`).toBe(true);
      }
    }),
    { numRuns: RUNS },
  );
  // Much of it got past the parser, and some of it all the way.
  expect([...seen.keys()]).toEqual(expect.arrayContaining([202, 400, 401, 404]));
  const answer = await deliver(`${url}/hooks/acme/code`, 'github', { body: '{"after":"all that"}' });
  expect(answer.status).toBe(202);
  expect(harness.logs.filter((line) => JSON.parse(line).level === 'error')).toEqual([]);
});

function onTheWire({ method, path, version, headers, signed, framing, body }: Fuzzed): Buffer {
  const own = signed ? Object.entries(signDelivery('github', { secret: SECRET, body })) : [];
  const lines = [...own.map(([name, value]) => [name, Buffer.from(value)] as const), ...headers].map(([name, value]) =>
    Buffer.concat([Buffer.from(`${name}: `), value, Buffer.from('\r\n')]),
  );
  const chunk = Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
  const framed =
    framing === 'length'
      ? [`content-length: ${body.length}\r\n\r\n`, body]
      : framing === 'chunked'
        ? ['transfer-encoding: chunked\r\n\r\n', body.length > 0 ? chunk : '0\r\n\r\n']
        : [`${framing}\r\n\r\n`, body];
  return Buffer.concat([
    Buffer.from(`${method} ${path} ${version}\r\nhost: x\r\n`),
    ...lines,
    ...framed.map((part) => Buffer.from(part)),
  ]);
}

/** Writes the bytes in pieces and reads until the server has answered, or has nothing to say, and has closed. */
function exchange(bytes: Buffer, { cuts, hangsUp }: Fuzzed): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true });
    const late = setTimeout(() => reject(new Error(`no end after ${ANSWER_MAX_MS} ms`)), ANSWER_MAX_MS);
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      received += text;
      if (received.includes('\r\n\r\n')) socket.end();
    });
    socket.setTimeout(QUIET_MAX_MS, () => socket.end());
    // A reset is an answer too: the server had said what it wanted.
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      clearTimeout(late);
      resolve(received);
    });
    const ends = [...cuts.filter((at) => at < bytes.length), bytes.length].toSorted((a, b) => a - b);
    let from = 0;
    for (const to of ends) {
      socket.write(bytes.subarray(from, to));
      from = to;
    }
    if (hangsUp) socket.end();
  });
}

const statusesOf = (text: string): number[] =>
  [...text.matchAll(/(?:^|\n)HTTP\/1\.1 (\d{3}) /g)]
    .map(([, status]) => Number(status))
    .filter((status) => status >= 200);
