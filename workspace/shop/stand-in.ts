import { isDeepStrictEqual } from 'node:util';
import { type StandInRequest, type StandInResponse, startHttpStandIn } from '@holdpoint/conformance/http-stand-in';
import type { StandIn } from '@holdpoint/conformance/spec';
import { findEffect, readEntity } from './effects.ts';
import type { State } from './store.ts';

/** Its order `shipped` and its order `cancelled` are just that; any other is open. */
const START: State = {
  orders: {
    shipped: { id: 'shipped', status: 'shipped', notes: [], refunded: 0 },
    cancelled: { id: 'cancelled', status: 'cancelled', notes: [], refunded: 0 },
  },
  issues: {},
  answers: {},
};

/** What of a tool's arguments stands in its path, and where it leads: `orders.hold` posts the rest to `/orders/<id>/hold`. */
export interface PostedTool {
  readonly effect: `${'orders' | 'issues'}/${string}`;
  readonly idOf: (args: Readonly<Record<string, unknown>>) => string;
  readonly inPath: readonly string[];
}

/** The shop with a memory of its own, for trials of the connectors that call it. */
export async function startShopStandIn(tools: Readonly<Record<string, PostedTool>>): Promise<StandIn> {
  const state = structuredClone(START);
  const answers = new Map<string, StandInResponse>();
  const done: { readonly effect: string; readonly id: string; readonly body: unknown }[] = [];

  function handle({ method, path, headers, body }: StandInRequest): StandInResponse {
    const [, kind = '', rawId = '', verb] = path.split('/');
    const id = decodeURIComponent(rawId);
    if (kind !== 'orders' && kind !== 'issues') return { status: 404 };
    if (verb === undefined) return { status: 200, body: readEntity(state, kind, id) };
    const effect = findEffect(kind, verb);
    if (!effect || method !== 'POST') return { status: 404 };
    const key = effect.keyed ? headers['idempotency-key'] : undefined;
    const earlier = typeof key === 'string' ? answers.get(key) : undefined;
    if (earlier) return earlier;
    const given: unknown = JSON.parse(body);
    const answer = effect.apply(state, id, given);
    if (answer.status === 200) done.push({ effect: `${kind}/${verb}`, id, body: given });
    if (typeof key === 'string') answers.set(key, answer);
    return answer;
  }

  const server = await startHttpStandIn({
    handle,
    rateLimited: (seconds) => ({
      status: 429,
      headers: { 'retry-after': String(seconds) },
      body: { error: 'as ordered' },
    }),
  });
  return {
    ...server,
    config: { baseUrl: server.url },
    credentials: { token: 'a-token-for-trials' },
    applied(name, args) {
      const tool = tools[name];
      if (!tool) return 0;
      const posted = Object.fromEntries(Object.entries(args).filter(([key]) => !tool.inPath.includes(key)));
      const one = { effect: tool.effect, id: tool.idOf(args), body: posted };
      return done.filter((other) => isDeepStrictEqual(other, one)).length;
    },
  };
}
