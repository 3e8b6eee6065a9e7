import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Browser, signedIn } from './browser.ts';
import { type Bench, openBench } from './fixtures.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let bench: Bench;
let service: RunningService;
let alice: Browser;
let seen: Seen[];
let answer: (response: ServerResponse) => void;

const upstream = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
  answer(response);
});

beforeAll(async () => {
  bench = await openBench();
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  service = await bench.start(
    { gatewayMaxMs: 300, gatewayAnswerMaxBytes: 1_000 },
    { EXECUTOR_URL: url, INGEST_URL: 'http://127.0.0.1:1' },
  );
  alice = await signedIn(service.url, bench.issuer);
});
beforeEach(() => {
  seen = [];
  answer = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"items":[]}');
});
afterAll(async () => {
  await bench?.stop();
  upstream.closeAllConnections();
  upstream.close();
});

describe('the gateway', () => {
  it('passes a request on as the signed-in person, and nothing of it that is not needed', async () => {
    const session = await alice.send('GET', '/console/session');
    expect(session.body.services).toEqual({ executor: true, evaluator: false, ingest: true });
    const path = '/console/api/executor/v1/actions/a%2Fb/settle?x=1';
    const { status, body } = await alice.send('POST', path, {
      body: { as: 'applied' },
      headers: { 'x-secret': 'mine', 'x-forwarded-for': '10.0.0.1', origin: service.url },
    });
    expect([status, body]).toEqual([200, { items: [] }]);
    const [asked] = seen;
    expect(asked).toMatchObject({
      method: 'POST',
      url: '/v1/actions/a%2Fb/settle?x=1',
      body: '{"as":"applied"}',
    });
    const { host: _, connection: __, 'content-length': ___, ...headers } = asked?.headers ?? {};
    expect(headers).toEqual({
      accept: 'application/json',
      'content-type': 'application/json',
      cookie: alice.cookie,
      'x-csrf-token': alice.csrf,
    });
  });

  it('answers as the service did, without its other headers', async () => {
    answer = (response) =>
      response
        .writeHead(409, { 'content-type': 'application/problem+json', 'set-cookie': 'a=b', 'x-inner': '1' })
        .end('{"code":"CONFLICT"}');
    const { status, headers, body } = await alice.send('GET', '/console/api/executor/v1/actions');
    expect([status, body]).toEqual([409, { code: 'CONFLICT' }]);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(headers.get('cache-control')).toBe('no-store');
    expect([headers.get('set-cookie'), headers.get('x-inner')]).toEqual([null, null]);
  });

  it('passes on what is on its list alone', async () => {
    for (const [method, path] of [
      ['GET', '/metrics'],
      ['GET', '/queues'],
      ['POST', '/v1/plans'],
      ['PUT', '/v1/freezes'],
      ['GET', '/v1/actions/../../metrics'],
      ['GET', '/v1/actions/%2e%2e/%2e%2e/metrics'],
      ['GET', '//elsewhere.example/v1/actions'],
    ] as const) {
      expect((await alice.send(method, `/console/api/executor${path}`)).status).toBe(404);
    }
    expect((await alice.send('GET', '/console/api/approvals/v1/approvals')).status).toBe(404);
    expect(seen).toEqual([]);
  });

  it.each<[string, Record<string, string>, number]>([
    ['nobody', { cookie: 'a=b' }, 401],
    ['no CSRF token', { 'x-csrf-token': '' }, 403],
    ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a key', { authorization: 'Bearer hp_nonsense' }, 401],
  ])('passes nothing on for %s', async (_, headers, status) => {
    const answered = await alice.send('POST', '/console/api/executor/v1/freezes', { body: {}, headers });
    expect(answered.status).toBe(status);
    expect(seen).toEqual([]);
  });

  it('passes on for a session alone, also where a person’s token is sent', async () => {
    const authorization = `Bearer ${await bench.issuer.token('alice')}`;
    const path = '/console/api/executor/v1/actions';
    expect((await alice.send('GET', path, { headers: { cookie: 'a=b', authorization } })).status).toBe(401);
    // Nor does it stand in for the CSRF token.
    const headers = { 'x-csrf-token': '', authorization };
    expect((await alice.send('POST', `${path}/1/cancel`, { body: {}, headers })).status).toBe(401);
    expect(seen).toEqual([]);
  });

  it('refuses a body that is too large before it is passed on', async () => {
    const body = { text: 'x'.repeat(64 * 1024) };
    expect((await alice.send('POST', '/console/api/executor/v1/freezes', { body })).status).toBe(413);
    expect(seen).toEqual([]);
  });

  it('follows no redirect', async () => {
    answer = (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    const { status, headers } = await alice.send('GET', '/console/api/executor/v1/actions');
    expect([status, headers.get('location')]).toEqual([500, null]);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['one that says so', (response) => response.writeHead(200, { 'content-length': 5_000 }).end('x'.repeat(5_000))],
    [
      'one that does not',
      (response) => {
        response.writeHead(200);
        response.write('x'.repeat(900));
        response.end('x'.repeat(900));
      },
    ],
  ])('cuts off an answer that is too large: %s', async (_, how) => {
    answer = how;
    const whole = await alice.send('GET', '/console/api/executor/v1/actions').then(
      ({ status }) => status === 200,
      () => false,
    );
    expect(whole).toBe(false);
  });

  it('says so where a service is not configured, away, or does not answer in time', async () => {
    answer = () => {};
    for (const path of ['evaluator/v1/policies', 'ingest/v1/sources', 'executor/v1/actions']) {
      const { status, body } = await alice.send('GET', `/console/api/${path}`);
      expect([status, body.code]).toEqual([503, 'DEPENDENCY_UNAVAILABLE']);
    }
  });
});
