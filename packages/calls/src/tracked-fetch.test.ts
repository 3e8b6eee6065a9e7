import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, expect, test } from 'vitest';
import { createConnectorNetwork, type Reach } from './connector-network.ts';
import { trackFetch } from './tracked-fetch.ts';

const network = createConnectorNetwork();
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(() => network.close());

async function listen(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, port, connections: () => connections };
}

function tracked(reach: Reach = 'anywhere', over: { responseMaxBytes?: number; connector?: string } = {}) {
  const signal = new AbortController().signal;
  return trackFetch({ signal, pool: network.pool(over.connector ?? 'c', reach), mayStillSend() {}, ...over });
}

const failure = (run: Promise<unknown>) =>
  run.then(
    () => undefined,
    (error: unknown) => error,
  );

test('an address that is not public is refused before anything is sent, in every way it can be written', async () => {
  const server = await listen((_request, response) => void response.end());
  const { port } = server;
  for (const host of [
    '127.0.0.1',
    'localhost',
    '127.1',
    '2130706433',
    '0x7f.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '0177.0.0.1',
    '0x7f000001',
    '017700000001',
    '%31%32%37.0.0.1',
    '１２７.0.0.1',
    'LOCALHOST',
    '127.0.0.1.',
    '[::]',
    '[::127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '169.254.169.254',
    '[fd00:ec2::254]',
  ]) {
    const { fetch, refusal, provesNotSent } = tracked('public');
    const error = await failure(fetch(`http://${host}:${port}/`, { method: 'POST', body: 'pay' }));
    expect(refusal(error)?.message, host).toContain('network: { private: true }');
    expect(provesNotSent(error)).toBe(true);
  }
  expect(server.connections()).toBe(0);
});

test('an address that names a user, something other than HTTP, or the machine by another name is not fetched', async () => {
  const server = await listen((_request, response) => void response.end());
  const { port } = server;
  for (const url of [
    `http://example.com@127.0.0.1:${port}/`,
    `http://example.com:80@127.0.0.1:${port}/`,
    `http://example.com\\@127.0.0.1:${port}/`,
    `http:127.0.0.1:${port}`,
    'file:///etc/passwd',
    `gopher://127.0.0.1:${port}/`,
    `unix:/run/a.sock`,
    `ftp://127.0.0.1:${port}/`,
    '//127.0.0.1/',
    // Whether a resolver knows these is its own affair.
    `http://localhost.:${port}/`,
    `http://inner.localhost:${port}/`,
  ]) {
    const { fetch } = tracked('public');
    expect(await failure(fetch(url)), url).toBeInstanceOf(Error);
  }
  expect(server.connections()).toBe(0);
});

test('a connection to a private address is not used for a tenant that may not', async () => {
  const server = await listen((_request, response) => void response.end('ok'));
  expect(await (await tracked('anywhere').fetch(server.url)).text()).toBe('ok');
  const { fetch, refusal } = tracked('public');
  expect(refusal(await failure(fetch(server.url)))).toBeDefined();
});

test('a redirect does not lead to a private address, and was sent: its first hop has answered', async () => {
  const inner = await listen((_request, response) => void response.end('secret'));
  // The first hop answers from a pool that allows it; the second is asked of one that does not.
  const hop = await listen((_request, response) => void response.writeHead(307, { location: inner.url }).end());
  const open = network.pool('c', 'anywhere');
  const shut = network.pool('c', 'public');
  const pool = open.compose(
    (dispatch) => (options, handler) =>
      (String(options.origin).endsWith(String(hop.port)) ? dispatch : shut.dispatch.bind(shut))(options, handler),
  );
  const { fetch, refusal, provesNotSent } = trackFetch({
    signal: new AbortController().signal,
    pool,
    mayStillSend() {},
  });
  const error = await failure(fetch(hop.url, { method: 'POST', body: 'pay' }));
  expect(error).toMatchObject({ cause: { name: 'PrivateAddress' } });
  expect(refusal(error)).toBeUndefined();
  expect(provesNotSent(error)).toBe(false);
  expect(inner.connections()).toBe(0);
});

test('calls of one connector share connections', async () => {
  const server = await listen((_request, response) => void response.end('ok'));
  for (let call = 0; call < 20; call += 1) {
    const { fetch, end } = tracked('anywhere', { connector: 'reuse' });
    await (await fetch(server.url)).text();
    end();
  }
  // A second one is opened where the first is asked again while it still ends.
  expect(server.connections()).toBeLessThanOrEqual(2);
});

test('an answer over its limit breaks off, also where it was packed small', async () => {
  const plain = await listen((_request, response) => void response.end('x'.repeat(2_000)));
  const packed = await listen((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(1_000_000)));
  });
  for (const { url } of [plain, packed]) {
    const { fetch, provesNotSent } = tracked('anywhere', { responseMaxBytes: 1_000 });
    const response = await fetch(url);
    const error = await failure(response.text());
    expect(error).toMatchObject({ name: 'ResponseTooLarge', message: 'the answer is larger than 1000 bytes' });
    expect(provesNotSent(error)).toBe(false);
  }
  const { fetch } = tracked('anywhere', { responseMaxBytes: 2_000 });
  expect((await (await fetch(plain.url)).text()).length).toBe(2_000);
});

test('an answer is the platform’s own, but for its limit', async () => {
  const server = await listen((request, response) => {
    if (request.url === '/from') return void response.writeHead(302, { location: '/to' }).end();
    if (request.url === '/none') return void response.writeHead(204).end();
    response.writeHead(request.url === '/odd' ? 999 : 201, 'Done', { 'x-y': 'z' }).end('{"a":1}');
  });
  const { fetch } = tracked();
  const response = await fetch(`${server.url}from`);
  const { status, statusText, ok, url, redirected } = response;
  expect({ status, statusText, ok, url, redirected }).toEqual({
    status: 201,
    statusText: 'Done',
    ok: true,
    url: `${server.url}to`,
    redirected: true,
  });
  expect(response.headers.get('x-y')).toBe('z');
  expect(await response.json()).toEqual({ a: 1 });
  expect(await fetch(`${server.url}none`)).toMatchObject({ status: 204, body: null });
  expect(await fetch(`${server.url}odd`)).toMatchObject({ status: 999, ok: false });
});

test('requests and forms of the platform go through', async () => {
  const server = await listen((request, response) => {
    request
      .setEncoding('utf8')
      .reduce((all, chunk) => all + chunk, '')
      .then((body) => response.end(body));
  });
  const { fetch } = tracked();
  const form = new FormData();
  form.set('name', 'value');
  expect(await (await fetch(server.url, { method: 'POST', body: form })).text()).toContain('name="name"');
  expect(await (await fetch(new Request(server.url, { method: 'POST', body: 'text' }))).text()).toBe('text');
});

test('headers over their limit are no answer', async () => {
  const server = await listen((_request, response) => void response.writeHead(200, { x: 'y'.repeat(64 * 1024) }).end());
  expect(await failure(tracked().fetch(server.url))).toMatchObject({ cause: { code: 'UND_ERR_HEADERS_OVERFLOW' } });
});

test('a call that is over sends no more, and reads no more', async () => {
  const server = await listen((_request, response) => void response.write('begun'));
  const { fetch, end } = tracked();
  const response = await fetch(server.url);
  const reading = failure(response.text());
  end();
  expect(await reading).toMatchObject({ message: 'the call is over' });
  expect(await failure(fetch(server.url))).toMatchObject({ message: 'the call is over' });
  expect(server.connections()).toBe(1);
});
