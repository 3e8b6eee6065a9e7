/**
 * A connector's circuit breaker, as values. Own code and no library: libraries wrap the call, count only what they wrap and
 * know one process; this one is asked before a claim, may be told that nothing was called, and is shared by all processes.
 * Moments are milliseconds of one clock, which the caller brings.
 */
export interface BreakerSettings {
  readonly errorShare: number;
  readonly minimumCalls: number;
  readonly windowMs: number;
  readonly openMs: number;
  readonly probes: number;
  /** A probe of which nothing was heard for so long is lost. */
  readonly probeMaxMs: number;
}

export type Circuit =
  | { readonly state: 'closed' }
  | { readonly state: 'open'; readonly openings: number; readonly until: number }
  | {
      readonly state: 'half_open';
      readonly openings: number;
      /** In flight, by id: when each counts as lost. */
      readonly probes: Readonly<Record<string, number>>;
      readonly passed: number;
    };

export const CLOSED: Circuit = { state: 'closed' };
/** Times the first open time. */
const GROWTH_MAX = 8;
const PROBE_WAIT_MS = 250;

/** Undefined: it is open, or half open, already. */
export function trip(circuit: Circuit, settings: BreakerSettings, now: number): Circuit | undefined {
  return circuit.state === 'closed' ? opened(1, settings, now) : undefined;
}

export type Probe =
  | { readonly kind: 'closed' }
  | { readonly kind: 'probe'; readonly next: Circuit }
  | { readonly kind: 'refused'; readonly waitMs: number };

/** Whether a call may be made, and as what. */
export function askCircuit(circuit: Circuit, settings: BreakerSettings, now: number, id: string): Probe {
  if (circuit.state === 'closed') return { kind: 'closed' };
  if (circuit.state === 'open') {
    if (now < circuit.until) return { kind: 'refused', waitMs: circuit.until - now };
    const probes = { [id]: now + settings.probeMaxMs };
    return { kind: 'probe', next: { state: 'half_open', openings: circuit.openings, probes, passed: 0 } };
  }
  const live = Object.fromEntries(Object.entries(circuit.probes).filter(([, lostAt]) => lostAt > now));
  if (Object.keys(live).length + circuit.passed >= settings.probes) return { kind: 'refused', waitMs: PROBE_WAIT_MS };
  return { kind: 'probe', next: { ...circuit, probes: { ...live, [id]: now + settings.probeMaxMs } } };
}

/** Undefined: that probe was given up, or another has decided. */
export function endProbe(
  circuit: Circuit,
  settings: BreakerSettings,
  now: number,
  id: string,
  end: 'passed' | 'failed' | 'unused',
): Circuit | undefined {
  if (circuit.state !== 'half_open' || !Object.hasOwn(circuit.probes, id)) return undefined;
  const { [id]: _, ...probes } = circuit.probes;
  switch (end) {
    case 'unused':
      return { ...circuit, probes };
    case 'failed':
      return opened(circuit.openings + 1, settings, now);
    case 'passed': {
      const passed = circuit.passed + 1;
      return passed >= settings.probes ? CLOSED : { ...circuit, probes, passed };
    }
    default:
      return end satisfies never;
  }
}

function opened(openings: number, { openMs }: BreakerSettings, now: number): Circuit {
  return { state: 'open', openings, until: now + openMs * Math.min(2 ** (openings - 1), GROWTH_MAX) };
}
