import { setTimeout as pause } from 'node:timers/promises';
import type { Action } from '@holdpoint/shared/domain/action';
import type { Approval } from '@holdpoint/shared/domain/approval';
import type { SaidGrant, SaidSettlement, SaidVote } from './core/history.ts';
import { type Random, weighted } from './core/random.ts';
import { CONNECTORS, OPERATORS } from './core/traffic.ts';
import { type Answer, CLOCK_ECHO_MS, type Instance, type System } from './system.ts';

const LOOK_EVERY_MS = 300;
const LIST_MAX = 100;
const GRANT_EVERY_MS = 1_500;
const GRANT_LASTS_MS = 20_000;

/** Short, so that a clock that is set ahead takes some for expired. */
const TOKEN_LASTS_SECONDS = 30;

type Said = Pick<SaidVote, 'answer' | 'byClock'>;

/** A clock that is set wrong may refuse a token; one that is right may not. */
function answerOf(answer: Answer | undefined, { process }: Instance): Said {
  if (answer === undefined || answer.status >= 500) return { answer: 'lost' };
  if (answer.status === 401) {
    if (!process.clockWasOff(CLOCK_ECHO_MS)) throw new Error(`${process.name} answered ${JSON.stringify(answer)}`);
    return { answer: 'refused', byClock: true };
  }
  return { answer: answer.status === 200 || answer.status === 201 ? 'accepted' : 'refused' };
}

const tokenOf = (system: System, name: string, audience: string): Promise<string> =>
  system.people.token(name, [audience], { exp: Math.floor(Date.now() / 1000) + TOKEN_LASTS_SECONDS });

interface Options {
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** Reviewers: they grant most, deny some, let a few lie; some are asked in two tabs at once. */
export async function decideApprovals(system: System, { random, signal }: Options): Promise<SaidVote[]> {
  const said: SaidVote[] = [];
  const done = new Set<string>();

  async function vote(id: string, what: SaidVote['vote'], name: string, instance: Instance): Promise<boolean> {
    const body = JSON.stringify(what === 'deny' ? { reason: 'not today' } : {});
    const key = await tokenOf(system, name, 'reviewer');
    const path = `/v1/approvals/${id}/${what}`;
    const answer = answerOf(await system.call(instance, path, { key, body }), instance);
    said.push({ approval: id, vote: what, ...answer });
    return answer.answer !== 'lost' && !answer.byClock;
  }

  async function decide({ id, plan_id, entity_key }: Approval): Promise<void> {
    // Whatever order they are seen in, the same question gets the same answer.
    const own = random.fork(`${plan_id} ${entity_key}`);
    const what = weighted(own, { approve: 70, deny: 18, nothing: 12 });
    if (what === 'nothing') return void done.add(id);
    const [one, other] = own.shuffled(system.services.approvals) as [Instance, Instance];
    const twice = own.chance(0.2) ? vote(id, what, 'bob', other) : Promise.resolve(false);
    const answered = await Promise.all([vote(id, what, 'ann', one), twice]);
    if (answered.some(Boolean)) done.add(id);
  }

  for (let turn = 0; !signal.aborted; turn += 1) {
    const listed = await list<Approval>(system, 'approvals', turn, `/v1/approvals?status=pending&limit=${LIST_MAX}`);
    await Promise.all(listed.filter(({ id }) => !done.has(id)).map(decide));
    await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
  return said;
}

/** Reviewers who will not be asked each time: a few payments of one operator in one connector, for a while. */
export async function consentInAdvance(system: System, { random, signal }: Options): Promise<SaidGrant[]> {
  const said: SaidGrant[] = [];
  while (!signal.aborted) {
    const reason = `grant ${said.length + 1}`;
    const own = random.fork(reason);
    const uses = own.between(1, 4);
    const body = JSON.stringify({
      operator: own.pick(OPERATORS),
      connector: own.pick(CONNECTORS),
      tool: 'pay',
      until: new Date(Date.now() + GRANT_LASTS_MS).toISOString(),
      uses,
      reason,
    });
    const instance = own.pick(system.services.approvals);
    const key = await tokenOf(system, 'ann', 'reviewer');
    const answer = await system.call(instance, '/v1/standing-grants', { key, body });
    said.push({ reason, uses, ...answerOf(answer, instance) });
    await pause(GRANT_EVERY_MS, undefined, { signal }).catch(() => {});
  }
  return said;
}

/** Ops: says of what is indeterminate what became of it. It does not know better: the seed says. */
export async function settleActions(
  system: System,
  { random, signal, patience }: Options & { readonly patience: () => number },
): Promise<SaidSettlement[]> {
  const said: SaidSettlement[] = [];
  const told = new Map<string, number>();

  async function settle({ action_id: id, idempotency_key: key, attempts }: Action, instance: Instance): Promise<void> {
    const own = random.fork(`${key} ${attempts}`);
    if (own.next() < patience() ** (told.get(id) ?? 1)) return void told.set(id, (told.get(id) ?? 1) + 1);
    const as = weighted(own, { applied: 50, not_applied: 30, failed: 20 });
    const token = await tokenOf(system, 'olga', 'ops');
    const body = JSON.stringify({ as, reason: 'looked it up' });
    const answer = await system.call(instance, `/v1/actions/${id}/settle`, { key: token, body });
    said.push({ action: id, as, ...answerOf(answer, instance) });
  }

  for (let turn = 0; !signal.aborted; turn += 1) {
    const open = await list<Action>(system, 'executor', turn, `/v1/actions?state=indeterminate&limit=${LIST_MAX}`);
    const instance = system.services.executor[turn % system.services.executor.length] as Instance;
    await Promise.all(open.map((action) => settle(action, instance)));
    await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
  return said;
}

async function list<T>(system: System, service: 'approvals' | 'executor', turn: number, path: string): Promise<T[]> {
  const instances = system.services[service];
  const instance = instances[turn % instances.length] as Instance;
  const answer = await system.call(instance, path, { key: system.keys.admin });
  return answer?.status === 200 ? (answer.body as { items: T[] }).items : [];
}
