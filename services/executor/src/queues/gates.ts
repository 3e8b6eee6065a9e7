import { randomUUID } from 'node:crypto';
import type { CallEnd } from '@holdpoint/calls/core/call-end';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Rate } from '@holdpoint/shared/runtime/token-bucket';
import type { ConnectorLimits } from '@holdpoint/shared/workspace/connector-limits';
import { askCircuit, type BreakerSettings, type Circuit, CLOSED, endProbe, trip } from '../core/breaker.ts';
import { type BreakerWindow, countCall, isFailing } from '../core/breaker-window.ts';
import { callHealth } from '../core/call-health.ts';
import type { ExecutorMetrics } from '../metrics.ts';
import type { ConnectorNotes } from '../worker/connector-notes.ts';
import type { Bell } from './bell.ts';
import type { GateStore } from './gate-store.ts';

/** May one call of a connector be made? Asked before a claim, so that a refusal uses no attempt. */
export interface Gates {
  /** At once where nothing is limited, a promise where Redis must be asked. Never rejects. */
  admit(connector: string, kind: 'effect' | 'read', tenant: string): Admission | Promise<Admission>;
  /** How a call ended that was made under an admitted claim's token. */
  heard(token: string, end: CallEnd): void;
  /** Why nothing of a connector would be admitted now, as far as this process knows; with a tenant, nothing of that one's. */
  closed(connector: string, kind?: 'effect' | 'read', tenant?: string): Refusal['why'] | undefined;
  /** What its heads wait for; also where its rate was used up a moment ago. */
  waitsFor(connector: string, tenant?: string): Refusal['why'] | undefined;
  view(connector: string, tenant?: string): GateView | undefined;
  stop(): Promise<void>;
}

export type Admission = { readonly permit: Permit } | Refusal;

export interface Refusal {
  readonly permit?: undefined;
  readonly why: 'paused' | 'circuit_open' | 'rate_limited' | 'unknown';
  /** How long its queues are to rest; 0: it does, being paused. */
  readonly waitMs: number;
  /** It rests for this tenant alone: its queues go on. */
  readonly ofTenant?: true;
}

export interface Permit {
  /** The claim under this token was made: what is heard of it is this permit's. */
  claimed(token: string): void;
  /** Gives back what was not used; without effect after a call was heard of. */
  release(): void;
}

export interface GateView {
  readonly circuit: Circuit['state'];
  /** By this process's wall clock; undefined where the circuit is not open. */
  readonly openUntil?: Date;
  readonly heldUntil?: Date;
  readonly rate?: Rate;
  readonly paused: boolean;
}

interface Gate {
  readonly connector: string;
  readonly rate: Rate | undefined;
  readonly breaker: BreakerSettings | undefined;
  circuitText: string;
  circuit: Circuit;
  /** By tenant: whose account was asked to wait, and until when. */
  holds: Map<string, number>;
  /** Last time that no token was left: until when. */
  dryUntil: number;
  paused: boolean;
  window: BreakerWindow;
}

/** Recording an end waits for this at most: a slow Redis must not hold back what happened. */
const ASK_MAX_MS = 1_000;
const UNKNOWN_WAIT_MS = 500;
const SWAPS_MAX = 5;
/** A bucket that runs dry does so many times a second. */
const DRY_SHOWN_MS = 1_000;

export interface GatesOptions {
  readonly store: GateStore;
  readonly bell: Bell;
  readonly limits: ReadonlyMap<string, ConnectorLimits>;
  readonly metrics: ExecutorMetrics;
  readonly notes: ConnectorNotes;
  readonly logger: Logger;
  readonly everyMs: number;
  readonly rateLimitedMaxMs: number;
  readonly probeMaxMs: number;
}

/** What this process knows of the gates is as old as its last look; what it takes, it takes from all processes at once. */
export function createGates(options: GatesOptions): Gates {
  const { store, bell, metrics, logger } = options;
  const gates = new Map([...options.limits].map(([name, limits]) => [name, openGate(name, limits, options)]));
  const names = [...gates.keys()];
  const permits = new Map<string, { heard(end: CallEnd): void }>();
  /** Redis's clock less the one of ours that only goes forward; until it was asked, nothing that others see is told by it. */
  let offsetMs = Date.now() - performance.now();
  let looked = false;
  const now = () => performance.now() + offsetMs;

  /** Replaces the shared circuit by what `decide` makes of it; undefined: it is left. Returns what was decided last. */
  async function change<T extends { readonly next?: Circuit | undefined }>(
    gate: Gate,
    decide: (circuit: Circuit) => T,
  ): Promise<T> {
    if (!looked) await look();
    for (let swaps = 0; ; swaps += 1) {
      const decided = decide(gate.circuit);
      if (!decided.next) return decided;
      const text = decided.next.state === 'closed' ? '' : JSON.stringify(decided.next);
      const stands = await store.swapCircuit(gate.connector, gate.circuitText, text);
      see(gate, stands ?? text);
      if (stands === undefined) return decided;
      if (swaps >= SWAPS_MAX) throw new Error(`the circuit of ${gate.connector} kept changing`);
    }
  }

  function see(gate: Gate, text: string): void {
    if (text === gate.circuitText) return;
    const before = gate.circuit;
    gate.circuitText = text;
    gate.circuit = parseCircuit(text);
    if (before.state === gate.circuit.state) return;
    // What was counted before says nothing of what comes after.
    gate.window = [];
    const { connector } = gate;
    if (gate.circuit.state === 'open') {
      const { openings, until } = gate.circuit;
      logger.error({ connector, openings, open_ms: Math.round(until - now()) }, 'a circuit opened: it is not called');
    } else logger.warn({ connector, circuit: gate.circuit.state }, 'a circuit changed');
    note(gate);
  }

  function note(gate: Gate): void {
    const { connector, circuit } = gate;
    for (const state of ['closed', 'open', 'half_open'] as const) {
      metrics.circuit.set({ connector, state }, circuit.state === state ? 1 : 0);
    }
    const open = circuit.state === 'open' ? `open until ${wall(circuit.until).toISOString()}` : 'half open';
    options.notes.note(connector, 'circuit', circuit.state === 'closed' ? undefined : open);
  }

  const wall = (at: number) => new Date(Date.now() + (at - now()));

  function closed(gate: Gate, kind: 'effect' | 'read' = 'effect', tenant?: string): Refusal | undefined {
    if (gate.paused && kind === 'effect') return { why: 'paused', waitMs: 0 };
    const at = now();
    if (gate.circuit.state === 'open' && at < gate.circuit.until) {
      return { why: 'circuit_open', waitMs: gate.circuit.until - at };
    }
    const heldUntil = (tenant !== undefined && gate.holds.get(tenant)) || 0;
    return at < heldUntil ? { why: 'rate_limited', waitMs: heldUntil - at, ofTenant: true } : undefined;
  }

  async function ask(gate: Gate, tenant: string): Promise<Admission> {
    let probe: string | undefined;
    if (gate.breaker && gate.circuit.state !== 'closed') {
      const settings = gate.breaker;
      const id = randomUUID();
      const asked = await change(gate, (circuit) => {
        const answer = askCircuit(circuit, settings, now(), id);
        return answer.kind === 'probe' ? answer : { ...answer, next: undefined };
      });
      if (asked.kind === 'refused') return { why: 'circuit_open', waitMs: asked.waitMs };
      if (asked.kind === 'probe') probe = id;
    }
    const waitMs = gate.rate && (await store.take(gate.connector, gate.rate));
    if (waitMs === undefined) return { permit: permit(gate, tenant, probe) };
    gate.dryUntil = now() + waitMs;
    if (probe !== undefined) end(gate, probe, 'unused');
    return { why: 'rate_limited', waitMs };
  }

  function permit(gate: Gate, tenant: string, probe: string | undefined): Permit {
    let claim: string | undefined;
    let over = false;
    const heard = (ended: CallEnd) => {
      const health = callHealth(ended);
      if (!over && probe !== undefined) end(gate, probe, health ?? 'unused');
      else if (health) count(gate, health === 'failed');
      over = true;
      const askedMs = Math.max(ended.restMs ?? 0, (ended.kind === 'retry' && ended.retryAfterMs) || 0);
      if (askedMs > 0) hold(gate, tenant, askedMs);
    };
    return {
      claimed(token) {
        claim = token;
        permits.set(token, { heard });
      },
      release() {
        if (claim !== undefined) permits.delete(claim);
        if (over) return;
        over = true;
        if (probe !== undefined) end(gate, probe, 'unused');
        if (gate.rate) background(gate, store.give(gate.connector, gate.rate));
      },
    };
  }

  function end(gate: Gate, probe: string, how: 'passed' | 'failed' | 'unused'): void {
    const { breaker } = gate;
    if (!breaker) return;
    background(
      gate,
      change(gate, (circuit) => ({ next: endProbe(circuit, breaker, now(), probe, how) })).then(() => rest(gate)),
    );
  }

  function count(gate: Gate, failed: boolean): void {
    const { breaker } = gate;
    if (!breaker || gate.circuit.state !== 'closed') return;
    // Nobody else sees these: a clock that only goes forward has no second before and after Redis was asked.
    gate.window = countCall(gate.window, breaker.windowMs, performance.now(), failed);
    if (!failed || !isFailing(gate.window, breaker)) return;
    background(
      gate,
      change(gate, (circuit) => ({ next: trip(circuit, breaker, now()) })).then(() => rest(gate)),
    );
  }

  function hold(gate: Gate, tenant: string, askedMs: number): void {
    const { connector } = gate;
    const forMs = Math.min(askedMs, options.rateLimitedMaxMs);
    gate.holds.set(tenant, Math.max(gate.holds.get(tenant) ?? 0, now() + forMs));
    logger.warn({ connector, tenant, for_ms: forMs }, 'a connector asked for time: it rests for this tenant');
    background(gate, store.hold(connector, tenant, forMs));
  }

  /** The queues of a gate that is closed are let rest, in all processes. */
  async function rest(gate: Gate): Promise<void> {
    const refusal = closed(gate, 'read');
    if (refusal && refusal.waitMs > 0) await bell.rest(gate.connector, refusal.waitMs);
  }

  function background(gate: Gate, work: Promise<unknown>): void {
    work.catch((err: unknown) => logger.warn({ err, connector: gate.connector }, 'a gate could not be changed'));
  }

  async function look(): Promise<void> {
    const [seen, paused] = await Promise.all([store.look(names), bell.paused(names)]);
    offsetMs = seen.nowMs - performance.now();
    looked = true;
    for (const [index, name] of names.entries()) {
      const gate = gates.get(name);
      const found = seen.gates[index];
      if (!gate || !found) continue;
      gate.holds = standing(gate.holds, found.holds, now());
      gate.paused = paused.has(name);
      if (gate.breaker) see(gate, found.circuit);
    }
  }

  const poll: Poll = startPoll({
    name: 'gates',
    everyMs: options.everyMs,
    backoffMaxMs: 2_000,
    run: look,
    onError: (err) => logger.debug({ err }, 'the gates could not be looked at'),
  });
  for (const gate of gates.values()) note(gate);

  return {
    admit(connector, kind, tenant) {
      const gate = gates.get(connector);
      if (!gate) return FREE;
      const refusal = closed(gate, kind, tenant);
      if (refusal) return refusal;
      if (!gate.rate && gate.circuit.state === 'closed') return { permit: permit(gate, tenant, undefined) };
      return within(ASK_MAX_MS, ask(gate, tenant), (late) => late.permit?.release()).catch((err: unknown): Refusal => {
        logger.warn({ err, connector }, 'a gate could not be asked');
        return { why: 'unknown', waitMs: UNKNOWN_WAIT_MS };
      });
    },
    heard(token, ended) {
      permits.get(token)?.heard(ended);
    },
    closed(connector, kind, tenant) {
      const gate = gates.get(connector);
      return gate && closed(gate, kind, tenant)?.why;
    },
    waitsFor(connector, tenant) {
      const gate = gates.get(connector);
      if (!gate) return undefined;
      return closed(gate, 'effect', tenant)?.why ?? (now() < gate.dryUntil + DRY_SHOWN_MS ? 'rate_limited' : undefined);
    },
    view(connector, tenant) {
      const gate = gates.get(connector);
      if (!gate) return undefined;
      const { circuit, rate, paused, holds } = gate;
      const restsUntil = Math.max(gate.dryUntil, (tenant !== undefined && holds.get(tenant)) || 0);
      return {
        circuit: circuit.state,
        ...(circuit.state === 'open' && { openUntil: wall(circuit.until) }),
        ...(restsUntil > now() && { heldUntil: wall(restsUntil) }),
        ...(rate && { rate }),
        paused,
      };
    },
    stop: () => poll.stop(),
  };
}

const FREE: Admission = { permit: { claimed() {}, release() {} } };

function openGate(connector: string, { rate, breaker = {} }: ConnectorLimits, { probeMaxMs }: GatesOptions): Gate {
  return {
    connector,
    rate: rate && { perSecond: rate.perSecond, burst: rate.burst ?? Math.max(1, Math.ceil(rate.perSecond)) },
    breaker: breaker === false ? undefined : breakerSettings(breaker, probeMaxMs),
    circuitText: '',
    circuit: CLOSED,
    holds: new Map(),
    dryUntil: 0,
    paused: false,
    window: [],
  };
}

function breakerSettings(
  { errorShare = 0.5, minimumCalls = 20, windowSeconds = 30, openSeconds = 5, probes = 1 }: BreakerLimits,
  probeMaxMs: number,
): BreakerSettings {
  const [windowMs, openMs] = [windowSeconds * 1000, openSeconds * 1000];
  return { errorShare, minimumCalls, windowMs, openMs, probes, probeMaxMs };
}
type BreakerLimits = Exclude<NonNullable<ConnectorLimits['breaker']>, false>;

/** What this process has just been told may not be written yet; what is over says nothing any more. */
function standing(own: Gate['holds'], found: ReadonlyMap<string, number>, at: number): Map<string, number> {
  const holds = new Map([
    ...own,
    ...[...found].map(([one, until]) => [one, Math.max(until, own.get(one) ?? 0)] as const),
  ]);
  return new Map([...holds].filter(([, until]) => until > at));
}

/** Only this service writes it; what another version wrote and this one cannot read counts as closed. */
function parseCircuit(text: string): Circuit {
  if (text === '') return CLOSED;
  try {
    const circuit = JSON.parse(text) as Circuit;
    return circuit.state === 'open' || circuit.state === 'half_open' ? circuit : CLOSED;
  } catch {
    return CLOSED;
  }
}

async function within<T>(limitMs: number, work: Promise<T>, giveBack: (late: T) => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      work.then(giveBack, () => {});
      reject(new Error(`no answer within ${limitMs} ms`));
    }, limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
