import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { createHttp, type Http, type HttpOptions } from '@holdpoint/shared/runtime/http';
import { createMetrics } from '@holdpoint/shared/runtime/metrics';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { recordingLogger } from './recording-logger.ts';

const running: Http[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((http) => http.close()));
});

async function serve(addRoutes: (http: Http) => void = () => {}, options: Partial<HttpOptions> = {}) {
  const { logger, lines } = recordingLogger();
  const http = await createHttp({
    service: 'evaluator',
    logger,
    metrics: createMetrics('evaluator'),
    checks: {},
    openapi: { title: 'Evaluator', description: 'scores plans' },
    bodyMaxBytes: 1024,
    ...options,
  });
  running.push(http);
  addRoutes(http);
  return { http, url: await http.listen('127.0.0.1', 0), lines };
}

const planSchema = z.strictObject({
  plan_id: z.string(),
  actions: z.array(z.strictObject({ tool: z.string() })).min(1),
});

function echo({ app }: Http): void {
  app.post('/echo', { schema: { body: planSchema } }, async (request) => ({ got: request.body.plan_id }));
}

/** What a test reads of an answer; a schema would only say it again. */
interface Answer {
  readonly code: string;
  readonly status: string;
  readonly traceId: string;
  readonly paths: Record<string, { post: { requestBody: { content: Record<string, { schema: unknown }> } } }>;
}
const read = async (response: Response) => (await response.json()) as Answer;

async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, {
    method: 'POST',
    body: text,
    headers: { 'content-type': 'application/json', ...headers },
  });
  return {
    response,
    problem: (await response.json()) as Record<string, unknown> & { details: Record<string, unknown> },
  };
}

describe('refusals are problem+json', () => {
  test('a body that a schema refuses: path and reason per field, unknown keys by their own path', async () => {
    const { url } = await serve(echo);
    const { response, problem } = await post(`${url}/echo`, { actions: [{ tool: 1, extra: true }], also: 1 });
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(problem).toMatchObject({ code: 'INVALID_REQUEST', status: 400, retryable: false });
    expect(problem.details.issues).toEqual(
      expect.arrayContaining([
        { path: 'plan_id', reason: expect.any(String) },
        { path: 'actions.0.tool', reason: expect.any(String) },
        { path: 'actions.0.extra', reason: 'unknown key' },
        { path: 'also', reason: 'unknown key' },
      ]),
    );
  });

  test.each([
    ['malformed JSON', '{"plan_id":', {}],
    ['an empty body', '', {}],
    ['a media type nobody reads', 'plan_id=1', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a poisoned prototype', '{"plan_id":"p","__proto__":{"admin":true}}', {}],
  ])('%s is INVALID_REQUEST', async (_, body, headers) => {
    const { url } = await serve(echo);
    const { response, problem } = await post(`${url}/echo`, body, headers);
    expect([response.status, problem.code]).toEqual([400, 'INVALID_REQUEST']);
  });

  test('a body over the limit is 413, announced or chunked', async () => {
    const { url } = await serve(echo);
    const announced = await post(`${url}/echo`, { plan_id: 'x'.repeat(2000) });
    expect([announced.response.status, announced.problem.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);

    const chunked = httpRequest(`${url}/echo`, { method: 'POST', headers: { 'content-type': 'application/json' } });
    for (let chunks = 0; chunks < 20; chunks += 1) chunked.write('x'.repeat(100));
    chunked.end();
    const [response] = await once(chunked, 'response');
    expect(response.statusCode).toBe(413);
    expect(response.headers['content-type']).toContain('application/problem+json');
    response.resume();
  });

  test('an unknown route, and a path that is not one, are problems too', async () => {
    const { url } = await serve();
    const missing = await fetch(`${url}/nowhere`);
    expect([missing.status, (await read(missing)).code]).toEqual([404, 'NOT_FOUND']);
    const broken = await fetch(`${url}/%zz`);
    expect([broken.status, (await read(broken)).code]).toEqual([400, 'INVALID_REQUEST']);
  });

  test('what is not HTTP gets an answer and no crash', async () => {
    const { url } = await serve();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.end('NOT HTTP AT ALL\r\n\r\n');
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('INVALID_REQUEST');
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('our own errors keep code, details and when to come back', async () => {
    const { url } = await serve(({ app }) => {
      app.get('/limited', async () => {
        throw new HoldpointError('RATE_LIMIT', 'slow down', { retry_after_seconds: 7 });
      });
    });
    const response = await fetch(`${url}/limited`);
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(await response.json()).toMatchObject({ code: 'RATE_LIMIT', retryable: true, detail: 'slow down' });
  });

  test('a lost server is 503 with Retry-After; anything else unforeseen is 500 and says nothing', async () => {
    const { url, lines } = await serve(({ app }) => {
      app.get('/lost', async () => {
        throw Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:5432'), { code: 'ECONNREFUSED' });
      });
      app.get('/broken', async () => {
        throw new Error('the secret plan');
      });
      app.get('/refused-inside', async () => z.string().parse(1));
    });
    const lost = await fetch(`${url}/lost`);
    expect([lost.status, lost.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await lost.text()).not.toContain('10.1.2.3');
    for (const path of ['/broken', '/refused-inside']) {
      const broken = await fetch(url + path);
      expect(broken.status).toBe(500);
      expect(await broken.json()).toMatchObject({ code: 'INTERNAL', detail: 'something went wrong', details: {} });
    }
    expect(lines.join('')).toContain('the secret plan');
  });
});

describe('health', () => {
  test('readyz names what is away, with 503, and does not wait for one that hangs', async () => {
    let away = false;
    const { url } = await serve(undefined, {
      checks: {
        postgres: async () => {
          if (away) throw new Error('away');
        },
        nats: () => (away ? new Promise(() => {}) : Promise.resolve()),
        redis: () => Promise.resolve(),
      },
    });
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ready', checks: { postgres: 'ok', nats: 'ok', redis: 'ok' } },
    ]);
    away = true;
    const startedAt = performance.now();
    const unready = await fetch(`${url}/readyz`);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect([unready.status, await unready.json()]).toEqual([
      503,
      { status: 'unavailable', checks: { postgres: 'failed', nats: 'failed', redis: 'ok' } },
    ]);
  });

  test('metrics count requests by route, not by path', async () => {
    const { url } = await serve(({ app }) => {
      app.get('/v1/things/:id', { schema: { params: z.object({ id: z.string() }) } }, async () => ({ ok: true }));
    });
    await fetch(`${url}/v1/things/1`);
    await fetch(`${url}/v1/things/2`);
    await fetch(`${url}/elsewhere`);
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toMatch(/holdpoint_http_request_seconds_count\{[^}]*route="\/v1\/things\/:id"[^}]*\} 2/);
    expect(text).toContain('route="unmatched"');
    expect(text).not.toContain('/v1/things/1');
    expect(text).toContain('process_cpu_user_seconds_total');
  });

  test('two services in one process have metrics of their own', async () => {
    const one = await serve();
    const two = await serve();
    await fetch(`${one.url}/healthz`);
    expect(await (await fetch(`${one.url}/metrics`)).text()).toContain('route="/healthz"');
    expect(await (await fetch(`${two.url}/metrics`)).text()).not.toContain('route="/healthz"');
  });
});

describe('what callers see beside the routes', () => {
  test('OpenAPI 3.1 with the routes, and its docs', async () => {
    const { url } = await serve(echo);
    const spec = await read(await fetch(`${url}/openapi.json`));
    expect(spec).toMatchObject({ openapi: '3.1.0', info: { title: 'Evaluator' } });
    expect(spec.paths['/echo']?.post.requestBody.content['application/json']?.schema).toMatchObject({
      required: ['plan_id', 'actions'],
      additionalProperties: false,
    });
    expect(Object.keys(spec.paths)).toEqual(expect.arrayContaining(['/healthz', '/readyz', '/metrics']));
    const docs = await fetch(`${url}/docs`);
    expect([docs.status, await docs.text()]).toEqual([200, expect.stringContaining('swagger')]);
  });

  test("a request's span stands under the caller's", async () => {
    const { url } = await serve(({ app }) => {
      app.get('/trace', async (request) => request.trace);
    });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    expect(await (await fetch(`${url}/trace`, { headers })).json()).toMatchObject({ traceId });
    expect((await read(await fetch(`${url}/trace`))).traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  test('an answer shows only what its schema names', async () => {
    const { url } = await serve(({ app }) => {
      const answer = z.object({ id: z.string() });
      app.get('/thing', { schema: { response: { 200: answer } } }, async () => ({ id: '1', key_hash: 'x' }));
    });
    expect(await (await fetch(`${url}/thing`)).json()).toEqual({ id: '1' });
  });
});

describe('stopping', () => {
  test('drain finishes what is in flight, answers 503 to what comes, and tells readyz first', async () => {
    let arrived = () => {};
    const inFlight = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    let finish = () => {};
    const { http, url, lines } = await serve(({ app }) => {
      app.get('/slow', async () => {
        arrived();
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return { done: true };
      });
    });
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(get('/slow'));
    await inFlight;

    http.drain();
    const readiness = await fetch(`${url}/readyz`);
    expect([readiness.status, (await read(readiness)).status]).toEqual([503, 'draining']);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);

    const closed = http.close();
    socket.write(get('/healthz'));
    await vi.waitFor(() => expect(lines.join('')).toContain('a request was refused'));
    finish();
    let answers = '';
    for await (const chunk of socket) answers += chunk;
    await closed;
    const [first, second] = answers.split(/(?=HTTP\/1\.1 )/);
    expect(first).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{"done":true\}/);
    expect(second).toMatch(/^HTTP\/1\.1 503 [\s\S]*DEPENDENCY_UNAVAILABLE/);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });
});
