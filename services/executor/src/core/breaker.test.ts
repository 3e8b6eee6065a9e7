import fc from 'fast-check';
import { expect, test } from 'vitest';
import { askCircuit, type BreakerSettings, type Circuit, CLOSED, endProbe, trip } from './breaker.ts';
import { type BreakerWindow, countCall, isFailing } from './breaker-window.ts';

const SETTINGS: BreakerSettings = {
  errorShare: 0.5,
  minimumCalls: 10,
  windowMs: 10_000,
  openMs: 1_000,
  probes: 2,
  probeMaxMs: 5_000,
};

/** Opened for the nth time at 0. */
function openedTimes(times: number, settings = SETTINGS): Circuit {
  let circuit = trip(CLOSED, settings, 0) as Circuit;
  let now = 0;
  for (let opening = 1; opening < times; opening += 1) {
    now = circuit.state === 'open' ? circuit.until : now;
    const asked = askCircuit(circuit, settings, now, 'p');
    if (asked.kind !== 'probe') throw new Error('no probe');
    circuit = endProbe(asked.next, settings, now, 'p', 'failed') as Circuit;
  }
  return circuit;
}

test('a window counts calls of its time alone', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ afterMs: fc.nat(3_000), failed: fc.boolean() }), { maxLength: 100 }), (calls) => {
      let window: BreakerWindow = [];
      let now = 0;
      const seen: { at: number; failed: boolean }[] = [];
      for (const { afterMs, failed } of calls) {
        now += afterMs;
        seen.push({ at: now, failed });
        window = countCall(window, SETTINGS.windowMs, now, failed);
      }
      const slotMs = SETTINGS.windowMs / 10;
      const young = seen.filter(({ at }) => Math.floor(at / slotMs) > Math.floor(now / slotMs) - 10);
      expect(window.reduce((sum, slot) => sum + slot.calls, 0)).toBe(young.length);
      expect(window.reduce((sum, slot) => sum + slot.failures, 0)).toBe(young.filter(({ failed }) => failed).length);
      expect(window.length).toBeLessThanOrEqual(10);
    }),
  );
});

test('it is failing from the share on, and not before the minimum of calls', () => {
  const after = (failures: number, passes: number) => {
    let window: BreakerWindow = [];
    for (let call = 0; call < failures + passes; call += 1) {
      window = countCall(window, SETTINGS.windowMs, 0, call < failures);
    }
    return isFailing(window, SETTINGS);
  };
  expect(after(9, 0)).toBe(false);
  expect(after(10, 0)).toBe(true);
  expect(after(5, 5)).toBe(true);
  expect(after(5, 6)).toBe(false);
});

test('each opening lasts twice as long, up to a bound', () => {
  const lengths = [1, 2, 3, 4, 5, 6].map((times) => {
    const circuit = openedTimes(times);
    const before = times > 1 ? openedTimes(times - 1) : CLOSED;
    const from = before.state === 'open' ? before.until : 0;
    return circuit.state === 'open' && circuit.until - from;
  });
  expect(lengths).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
});

test('whatever happens: no call while open, never more probes than allowed, and it closes when they pass', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('ask' as const), afterMs: fc.nat(2_000) }),
    fc.record({ do: fc.constant('trip' as const), afterMs: fc.nat(2_000) }),
    fc.record({
      do: fc.constantFrom('passed' as const, 'failed' as const, 'unused' as const),
      afterMs: fc.nat(2_000),
      which: fc.nat(5),
    }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      let circuit: Circuit = CLOSED;
      let now = 0;
      let ids = 0;
      let out: { id: string; lostAt: number }[] = [];
      for (const one of steps) {
        now += one.afterMs;
        out = out.filter(({ lostAt }) => lostAt > now);
        if (one.do === 'trip') circuit = trip(circuit, SETTINGS, now) ?? circuit;
        else if (one.do === 'ask') {
          ids += 1;
          const asked = askCircuit(circuit, SETTINGS, now, `p${ids}`);
          if (circuit.state === 'open' && now < circuit.until) {
            expect(asked).toEqual({ kind: 'refused', waitMs: circuit.until - now });
          }
          if (circuit.state === 'closed') expect(asked.kind).toBe('closed');
          if (asked.kind === 'refused') expect(asked.waitMs).toBeGreaterThan(0);
          if (asked.kind !== 'probe') continue;
          if (circuit.state === 'open') out = [];
          circuit = asked.next;
          out.push({ id: `p${ids}`, lostAt: now + SETTINGS.probeMaxMs });
          expect(out.length).toBeLessThanOrEqual(SETTINGS.probes);
        } else {
          const probe = out[one.which % Math.max(1, out.length)];
          if (!probe) continue;
          out = out.filter(({ id }) => id !== probe.id);
          const next = endProbe(circuit, SETTINGS, now, probe.id, one.do);
          if (next?.state !== 'half_open') out = [];
          if (one.do === 'failed') expect(next?.state).toBe('open');
          circuit = next ?? circuit;
        }
      }
      // From anywhere, a system that answers is called again.
      now += 100_000;
      for (let probe = 0; probe < SETTINGS.probes && circuit.state !== 'closed'; probe += 1) {
        const asked = askCircuit(circuit, SETTINGS, now, `last${probe}`);
        if (asked.kind !== 'probe') throw new Error('stuck');
        circuit = endProbe(asked.next, SETTINGS, now, `last${probe}`, 'passed') as Circuit;
      }
      expect(circuit).toEqual(CLOSED);
    }),
    { numRuns: 500 },
  );
});

test('an answer that was waited for before the circuit opened decides nothing', () => {
  const open = openedTimes(1);
  expect(endProbe(open, SETTINGS, 0, 'old', 'passed')).toBeUndefined();
  expect(trip(open, SETTINGS, 0)).toBeUndefined();
});
