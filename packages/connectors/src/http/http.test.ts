import { startHttpStandIn } from '@holdpoint/conformance/http-stand-in';
import { expectConformance } from '@holdpoint/conformance/report';
import { runConformance } from '@holdpoint/conformance/run-conformance';
import { afterAll, afterEach, expect, test } from 'vitest';
import { callTool, endCalls } from '../remote/testing/call-tool.ts';
import { runner } from './run.ts';
import { conformance } from './testing/conformance.ts';
import { type HouseSystem, startHouseSystem } from './testing/stand-in.ts';
import { defineHttp, http } from './tools.ts';

let house: HouseSystem | undefined;
afterEach(async () => {
  await house?.close();
  house = undefined;
});
afterAll(endCalls);

test('whatever becomes of a call, what is said of it is true', async () => {
  expectConformance(await runConformance({ name: 'http', tools: http, runner, spec: conformance }));
});

test('the same holds where the system honours keys', async () => {
  const tools = defineHttp({ name: 'http', honoursKey: ['post', 'patch'] });
  const spec = { ...conformance, start: () => startHouseSystem({ honoursKey: true }) };
  expectConformance(await runConformance({ name: 'http', tools, runner, spec }));
});

const PATH = { path: '/orders/1' };

async function called(
  tool: keyof typeof http.tools,
  args: object = PATH,
  over: Partial<Parameters<typeof callTool>[0]> = {},
) {
  house ??= await startHouseSystem();
  const { config, credentials } = house;
  return callTool({ runner, tool, args: { ...args }, config, credentials, ...over });
}

test('a call goes below the address, with its query, its body and its key', async () => {
  const end = await called('post', { path: '/orders/1/notes', query: { notify: true, page: 2 }, body: { text: 'hi' } });
  expect(end).toMatchObject({ kind: 'answered', result: { status: 201, body: { taken: 1 } } });
  const [request] = house?.requests ?? [];
  expect(request).toMatchObject({ method: 'POST', path: '/api/orders/1/notes', body: '{"text":"hi"}' });
  expect(request?.query.toString()).toBe('notify=true&page=2');
  expect(request?.headers).toMatchObject({ 'idempotency-key': 'key-1', 'content-type': 'application/json' });
});

test('a read sends no key, and neither does a system that wants none', async () => {
  await called('get');
  await called('put', PATH, { config: { ...house?.config, idempotencyHeader: null } });
  await called('put', PATH, { config: { ...house?.config, idempotencyHeader: 'X-Request-Key' } });
  expect(house?.requests.map(({ headers }) => headers['idempotency-key'])).toEqual([undefined, undefined, undefined]);
  expect(house?.requests[2]?.headers['x-request-key']).toBe('key-1');
});

test.each([
  [{ auth: 'bearer' }, { authorization: 'Bearer house-token' }],
  [{ auth: 'basic' }, { authorization: `Basic ${Buffer.from('me:house-word').toString('base64')}` }],
  [{ auth: 'header', authHeader: 'X-Api-Key' }, { 'x-api-key': 'house-token' }],
])('%j proves who is calling', async (auth, headers) => {
  house = await startHouseSystem();
  const credentials = { token: 'house-token', username: 'me', password: 'house-word' };
  const end = await called('get', PATH, { config: { baseUrl: house.config.baseUrl, ...auth }, credentials });
  expect(house.requests[0]?.headers).toMatchObject(headers);
  expect(end).toMatchObject({ kind: 'refused', message: 'GET /api/orders/1 answered 401: who are you?' });
});

test.each(Object.entries({ bearer: {}, basic: {}, header: { authHeader: 'X-Api-Key' } }))(
  'what proves a caller by %s is not repeated from the words of a system that echoes it',
  async (auth, more) => {
    house = await startHouseSystem();
    house.fault('echo', 'any');
    const credentials = { token: 'house-token', username: 'me', password: 'house-word' };
    const end = await called('get', PATH, { config: { baseUrl: house.config.baseUrl, auth, ...more }, credentials });
    expect(end.kind).toBe('refused');
    expect(JSON.stringify(end)).not.toMatch(new RegExp(`house-token|house-word|${btoa('me:house-word')}`));
  },
);

test('credentials are not taken along by a redirect', async () => {
  const other = await startHouseSystem();
  const moved = await startHttpStandIn({
    handle: () => ({ status: 307, headers: { location: `${other.config.baseUrl}/orders/1` } }),
    rateLimited: () => ({ status: 429 }),
  });
  const end = await called('get', PATH, {
    config: { baseUrl: moved.url, auth: 'bearer' },
    credentials: other.credentials,
  });
  expect(end).toMatchObject({ kind: 'refused' });
  expect(other.heard()).toBe(0);
  await Promise.all([other.close(), moved.close()]);
});

test('a tenant that lists its paths is held to them', async () => {
  house = await startHouseSystem();
  const config = { ...house.config, allowedPaths: ['/orders/*'] };
  expect(await called('get', PATH, { config })).toMatchObject({ kind: 'answered' });
  expect(await called('get', { path: '/customers/1' }, { config })).toMatchObject({ kind: 'refused' });
  expect(house.heard()).toBe(1);
});

test('a thing that an earlier attempt may have deleted counts as deleted; one that was never there does not', async () => {
  expect(await called('delete', { path: '/orders/2' })).toMatchObject({ kind: 'refused' });
  expect(await called('delete', { path: '/orders/2' }, { attempt: 2 })).toMatchObject({
    kind: 'answered',
    result: { status: 404, body: null },
  });
});

test.each([
  [{ baseUrl: 'https://me:word@erp.example/', auth: 'none' }, 'credentials'],
  [{ baseUrl: 'https://erp.example/?a=1', auth: 'none' }, 'query'],
  [{ baseUrl: 'ftp://erp.example/', auth: 'none' }, 'URL'],
  [{ baseUrl: 'https://erp.example/', auth: 'header' }, 'authHeader'],
  [{ baseUrl: 'https://erp.example/', auth: 'none', timeout: 5 }, 'timeout'],
  [{ baseUrl: 'https://erp.example/', auth: 'bearer' }, 'no secret token'],
])('the start is refused with %j', (config, words) => {
  const secret = (name: string): string => {
    throw new Error(`no secret ${name}`);
  };
  const connect = () => Promise.reject(new Error('nobody connects'));
  const acme = { config, secret, fetch, connect };
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const start = () => runner.init?.({ tenants: { acme }, log, signal: new AbortController().signal });
  expect(start).toThrow(words);
});

test('a path, a header or a query of another shape is refused before it is scored', () => {
  const { args } = http.tools.get;
  const takes = (value: unknown) => args?.['~standard'].validate(value);
  expect(takes(PATH)).not.toHaveProperty('issues');
  for (const value of [
    { path: '/orders/../admin' },
    { ...PATH, headers: { authorization: 'Bearer other' } },
    { ...PATH, headers: { Host: 'evil.example' } },
    { ...PATH, headers: { prefer: 'a\r\nhost: evil.example' } },
    { ...PATH, query: { filter: { a: 1 } } },
    { ...PATH, body: {} },
    { ...PATH, baseUrl: 'https://evil.example/' },
  ]) {
    expect(takes(value), JSON.stringify(value)).toHaveProperty('issues');
  }
});

test('what may be repeated is said by the author who knows the system', () => {
  const erp = defineHttp({ name: 'erp', honoursKey: ['post'], headers: ['x-shop'] });
  const repeats = Object.values(erp.tools).map(({ risk, idempotent = false }) => `${risk} ${idempotent}`);
  expect(repeats).toEqual(['read false', 'write true', 'write true', 'write false', 'destructive true']);
  expect(erp.tools.put.entityKey?.(PATH)).toBe('erp:/orders/1');
  expect(http.tools.post.idempotent).toBe(false);
  expect(erp.tools.get.args?.['~standard'].validate({ ...PATH, headers: { 'x-shop': '1' } })).not.toHaveProperty(
    'issues',
  );
});
