import { randomUUID } from 'node:crypto';
import type { CallEnd } from '@holdpoint/calls/core/call-end';
import { endAttempt } from '@holdpoint/calls/core/end-attempt';
import { settleDead } from '@holdpoint/calls/core/settlement';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { type ActionState, INITIAL_STATES, isTerminal, TRANSITIONS } from '@holdpoint/shared/domain/lifecycle';
import type { Tool } from '@holdpoint/shared/domain/tool';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import fc from 'fast-check';
import type { Kysely } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SettleAs, settle } from '../src/core/intervention.ts';
import { findDeadAttempts } from '../src/store/find-dead-attempts.ts';
import { type Flushed, flush } from '../src/store/flush.ts';
import { moveAction } from '../src/store/move-action.ts';
import { settleAttempts } from '../src/store/settle-attempts.ts';
import { type Seeded, seedAction } from './fixtures.ts';

let servers: TestServers;
let pool: pg.Pool;
let db: Kysely<Database>;

beforeAll(async () => {
  servers = await testServers({ redis: false, nats: false });
  pool = new pg.Pool({ connectionString: servers.databaseUrl, max: 2 });
  db = createDatabase<Database>(createPool({ url: servers.databaseUrl, applicationName: 'test', max: 2 }));
});
afterAll(async () => {
  await Promise.all([pool.end(), db.destroy()]);
  await servers.stop();
});

const LANES = 2;
const WORKERS = 2;
const NO_DELAY = { attempts: 3, minDelayMs: 0, maxDelayMs: 0 };
const TOOLS: readonly Tool[] = [
  { risk: 'write', retry: NO_DELAY },
  { risk: 'write', retry: NO_DELAY, idempotent: true },
  { risk: 'write', retry: NO_DELAY, whenIndeterminate: 'go_on' },
];

interface Modelled {
  readonly seeded: Seeded;
  readonly tool: Tool;
  state: 'queued' | 'running' | 'indeterminate' | 'applied' | 'failed';
  attempts: number;
  unsure: boolean;
  token: string | undefined;
}

/** A token that some worker was given: it may finish with it, long after it was taken from it too. */
interface Held {
  readonly token: string;
  readonly worker: number;
  readonly life: number;
  readonly action: Modelled;
  readonly attempt: number;
}

const operation = fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: fc.constant('arrive'), lane: fc.nat(LANES - 1), tool: fc.nat(2) }) },
  {
    weight: 8,
    arbitrary: fc.record({ op: fc.constant('claim'), lane: fc.nat(LANES - 1), worker: fc.nat(WORKERS - 1) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('finish'),
      pick: fc.nat(),
      late: fc.boolean(),
      end: fc.constantFrom<CallEnd>(
        { kind: 'answered', result: 1 },
        { kind: 'refused', message: 'm' },
        { kind: 'retry', message: 'm' },
        { kind: 'unknown', message: 'm' },
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('crash'), worker: fc.nat(WORKERS - 1) }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constant('judge') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('settle'),
      pick: fc.nat(),
      as: fc.constantFrom<SettleAs>('applied', 'not_applied', 'failed'),
    }),
  },
);
type Operation = typeof operation extends fc.Arbitrary<infer O> ? O : never;

/** The lanes as they should be, beside the database as it is. Every answer of the one is compared with the other. */
class Drain {
  readonly actions: Modelled[] = [];
  readonly lanes: Modelled[][] = Array.from({ length: LANES }, () => []);
  readonly held: Held[] = [];
  readonly run = randomUUID();
  readonly workers = Array.from({ length: WORKERS }, () => randomUUID());
  readonly lives = Array.from({ length: WORKERS }, () => 0);
  late = 0;

  async begin(): Promise<void> {
    for (const worker of this.workers) await this.#register(worker);
  }

  async step(operation: Operation): Promise<void> {
    switch (operation.op) {
      case 'arrive':
        return this.arrive(operation as { lane: number; tool: number });
      case 'claim':
        return this.claim(operation as { lane: number; worker: number });
      case 'finish':
        return this.finish(operation as { pick: number; late: boolean; end: CallEnd });
      case 'crash':
        return this.crash(operation as { worker: number });
      case 'judge':
        return this.judge();
      default:
        return this.settle(operation as { pick: number; as: SettleAs });
    }
  }

  async arrive({ lane, tool: index }: { lane: number; tool: number }): Promise<void> {
    const seeded = await seedAction(pool, { entity: `${this.run}-${lane}` });
    const tool = TOOLS[index] as Tool;
    const action: Modelled = { seeded, tool, state: 'queued', attempts: 0, unsure: false, token: undefined };
    this.actions.push(action);
    this.#lane(lane).push(action);
  }

  async claim({ lane, worker }: { lane: number; worker: number }): Promise<void> {
    const head = this.#lane(lane).find(({ state }) => ['queued', 'running', 'indeterminate'].includes(state));
    const laneId = this.#lane(lane)[0]?.seeded.laneId ?? this.#anyLaneId(lane);
    if (laneId === undefined) return;
    const token = randomUUID();
    const { found } = await this.#flush({ claims: [{ lane: laneId, connector: 'alpha', token }] }, worker);
    const answer = found.get(token);
    const expected = { running: 'busy', indeterminate: 'indeterminate', queued: 'claimed' }[head?.state as 'queued'];
    expect(answer?.verdict).toBe(expected ?? 'empty');
    if (answer?.verdict !== 'claimed' || !head) return;
    // First come, first served; and nobody else of the lane is at work.
    expect(answer.claimed).toMatchObject({ id: head.seeded.id, attempts: head.attempts + 1, unsure: head.unsure });
    Object.assign(head, { state: 'running', attempts: head.attempts + 1, token });
    this.held.push({ token, worker, life: this.lives[worker] as number, action: head, attempt: head.attempts });
  }

  async finish({ pick, late, end }: { pick: number; late?: boolean; end: CallEnd }): Promise<void> {
    const fenced = this.held.filter(({ action, token }) => action.token !== token);
    const some = late && fenced.length > 0 ? fenced : this.held;
    const held = some[pick % some.length];
    if (!held) return;
    this.held.splice(this.held.indexOf(held), 1);
    const { action, token, attempt, worker } = held;
    const { tool, unsure } = action;
    const ended = endAttempt(end, { tool, attempts: attempt, unsure, random: 0 });
    const leaves = tool.whenIndeterminate === 'go_on';
    const finishes = { [action.seeded.id]: { ...ended, token, attempt, leaves_lane: leaves } };
    const { finished } = await this.#flush({ finishes }, worker);
    const mine = action.token === token;
    expect(finished.has(action.seeded.id)).toBe(mine);
    if (mine) this.#end(action, ended);
    else this.late += 1;
  }

  /** It answers no heartbeat any more; a process that takes its place has another id. Its late answers may still come. */
  async crash({ worker }: { worker: number }): Promise<void> {
    const id = this.workers[worker] as string;
    await pool.query("UPDATE workers SET heartbeat_at = now() - interval '1 hour' WHERE id = $1", [id]);
    await pool.query("UPDATE actions SET started_at = now() - interval '1 hour' WHERE worker = $1", [id]);
    this.lives[worker] = (this.lives[worker] as number) + 1;
    this.workers[worker] = randomUUID();
    await this.#register(this.workers[worker] as string);
  }

  async judge(): Promise<void> {
    const query = { after: '00000000-0000-0000-0000-000000000000', limit: 500, leaseMs: 1, worker: randomUUID() };
    const dead = await findDeadAttempts(db, { ...query, tokens: [] });
    const lost = this.held.filter(
      ({ life, worker, action, token }) => life < (this.lives[worker] as number) && action.token === token,
    );
    expect(dead.map(({ id }) => id).sort()).toEqual(lost.map(({ action }) => action.seeded.id).sort());
    const ends = lost.map(({ action, token }) => ({ action, token, end: settleDead(action.tool, action.attempts) }));
    const moved = await settleAttempts(
      db,
      Object.fromEntries(
        ends.map(({ action, token, end }) => [
          action.seeded.id,
          { ...end, token, leaves_lane: action.tool.whenIndeterminate === 'go_on' },
        ]),
      ),
      'executor|judge',
    );
    expect(moved).toHaveLength(ends.length);
    for (const { action, end } of ends) this.#end(action, end);
  }

  async settle({ pick, as }: { pick: number; as: SettleAs }): Promise<void> {
    const open = this.actions.filter(({ state }) => state === 'indeterminate');
    const action = open[pick % open.length];
    if (!action) return;
    const said = { actor: 'https://people.test|olga', note: 'looked' };
    await moveAction(db, { id: action.seeded.id, tenant: 'acme' }, (row) => settle(row, as, 'looked'), said);
    action.state = as === 'not_applied' ? 'queued' : as;
    action.unsure = false;
    const lane = this.lanes.find((one) => one.includes(action)) ?? this.#laneOf(action);
    if (!lane.includes(action)) lane.push(action);
  }

  /** Everything ends, whatever was done before. */
  async drainAll(): Promise<void> {
    for (let worker = 0; worker < WORKERS; worker += 1) await this.crash({ worker });
    await this.judge();
    for (let turn = 0; this.actions.some(({ state }) => !isTerminal(state)); turn += 1) {
      expect(turn).toBeLessThan(500);
      for (let lane = 0; lane < LANES; lane += 1) await this.claim({ lane, worker: 0 });
      const current = this.held.findIndex(({ action, token }) => action.token === token);
      if (current >= 0) await this.finish({ pick: current, end: { kind: 'answered', result: 1 } });
      else await this.settle({ pick: 0, as: 'not_applied' });
    }
    while (this.held.length > 0) await this.finish({ pick: 0, end: { kind: 'answered', result: 1 } });
  }

  async agrees(): Promise<void> {
    const ids = this.actions.map(({ seeded }) => seeded.id);
    const { rows } = await pool.query('SELECT id, state, attempts FROM actions WHERE id = ANY ($1) ORDER BY id', [ids]);
    expect(rows).toEqual(this.actions.map(({ seeded, state, attempts }) => ({ id: seeded.id, state, attempts })));
    const receipts = await pool.query(
      'SELECT action, kind, outcome, attempt FROM receipts WHERE action = ANY ($1) ORDER BY at, id',
      [ids],
    );
    expect(receipts.rows.filter(({ outcome }) => outcome === null)).toHaveLength(this.late);
    const told = Map.groupBy(receipts.rows, ({ action }) => action as string);
    for (const { seeded, state, attempts } of this.actions) replays(told.get(seeded.id) ?? [], state, attempts);
  }

  #end(action: Modelled, end: ReturnType<typeof endAttempt>): void {
    action.state = end.to;
    action.token = undefined;
    action.unsure = end.to === 'queued' && end.unsure;
    if (end.to === 'indeterminate' && action.tool.whenIndeterminate === 'go_on') {
      const lane = this.#laneOf(action);
      lane.splice(lane.indexOf(action), 1);
    }
  }

  #lane = (lane: number): Modelled[] => this.lanes[lane] as Modelled[];
  #laneOf = ({ seeded }: Modelled): Modelled[] => this.#lane(Number(seeded.entity?.at(-1)));
  #anyLaneId = (lane: number) =>
    this.actions.find((one) => this.#laneOf(one) === this.#lane(lane))?.seeded.laneId ?? undefined;

  async #register(worker: string): Promise<void> {
    // Alive for as long as nobody says otherwise.
    await pool.query(
      "INSERT INTO workers (id, service, heartbeat_at) VALUES ($1, 'executor', now() + interval '1 hour')",
      [worker],
    );
  }

  #flush(ask: Partial<Parameters<typeof flush>[1]>, worker: number): Promise<Flushed> {
    const all = { finishes: {}, claims: [], reads: {}, ...ask };
    return flush(db, all, { worker: this.workers[worker] as string, authorisedMaxSeconds: 3600 });
  }
}

function replays(receipts: readonly { kind: string; outcome: string | null }[], state: string, attempts: number): void {
  let now: ActionState = INITIAL_STATES[1];
  for (const { outcome } of receipts.filter((one) => one.outcome !== null)) {
    expect(TRANSITIONS[now]).toHaveProperty(outcome as string);
    now = outcome as ActionState;
  }
  expect(now).toBe(state);
  expect(receipts.filter(({ kind }) => kind === 'intent')).toHaveLength(attempts);
}

test('whatever arrives, fails, crashes and is settled: lanes are drained in order, one at a time, with nothing lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 60, maxLength: 100 }), async (operations) => {
      const drain = new Drain();
      await drain.begin();
      for (const operation of operations) await drain.step(operation);
      await drain.agrees();
      await drain.drainAll();
      await drain.agrees();
    }),
    { numRuns: 20, endOnFailure: true },
  );
}, 60_000);
