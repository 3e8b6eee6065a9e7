import { type StandInRequest, type StandInResponse, startHttpStandIn } from '@holdpoint/conformance/http-stand-in';
import type { StandIn } from '@holdpoint/conformance/spec';

const TOKEN = 'house_tok_51f0c7d2e9';

/** What can be asked of the world beside what every stand-in says. */
export interface HouseSystem extends StandIn {
  readonly requests: readonly StandInRequest[];
}

/**
 * A house system over HTTP: things by their paths, each with what was put there. POST and PATCH take effect as often as they
 * are sent, unless `honoursKey`; PUT and DELETE where they change anything.
 */
export async function startHouseSystem({ honoursKey = false } = {}): Promise<HouseSystem> {
  const things = new Map<string, unknown>([['/api/orders/1', { state: 'open' }]]);
  const effects: string[] = [];
  const answers = new Map<string, StandInResponse>();
  const requests: StandInRequest[] = [];

  function handle(request: StandInRequest): StandInResponse {
    requests.push(request);
    const { method, path, headers } = request;
    if (headers.authorization !== `Bearer ${TOKEN}`) return problem(401, 'who are you?');
    if (path.startsWith('/api/missing')) return problem(404, `there is no ${path}`);
    const key = honoursKey ? headers['idempotency-key'] : undefined;
    const known = typeof key === 'string' ? answers.get(key) : undefined;
    if (known) return known;
    const response = change(method, path, request.body === '' ? null : JSON.parse(request.body));
    if (typeof key === 'string') answers.set(key, response);
    return response;
  }

  function change(method: string, path: string, body: unknown): StandInResponse {
    const there = things.get(path);
    switch (method) {
      case 'GET':
        return there === undefined ? problem(404, `there is no ${path}`) : { status: 200, body: there };
      case 'PUT':
        if (JSON.stringify(there) !== JSON.stringify(body)) effects.push(`put ${path}`);
        things.set(path, body);
        return { status: 200, body };
      case 'DELETE':
        if (!things.delete(path)) return problem(404, `there is no ${path}`);
        effects.push(`delete ${path}`);
        return { status: 204 };
      default:
        effects.push(`${method.toLowerCase()} ${path}`);
        return { status: 201, body: { taken: effects.length } };
    }
  }

  const { url, fault, heard, close } = await startHttpStandIn({
    handle,
    rateLimited: (seconds) => ({ status: 429, headers: { 'retry-after': String(seconds) } }),
    error: () => problem(500, 'out of order'),
    refuse: (words) => problem(422, words),
    exhausted: (response, seconds) => ({
      ...response,
      headers: { ...response.headers, ratelimit: `"default";r=0;t=${seconds}` },
    }),
  });
  return {
    config: { baseUrl: `${url}api`, auth: 'bearer' },
    credentials: { token: TOKEN },
    applied: (tool, { path }) => effects.filter((one) => one === `${tool} /api${String(path)}`).length,
    requests,
    fault,
    heard,
    close,
  };
}

/** RFC 9457. */
const problem = (status: number, detail: string): StandInResponse => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: { detail },
});
