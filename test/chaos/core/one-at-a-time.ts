import { grouped } from './group.ts';
import type { History, ObservedCall, Verdict } from './history.ts';
import { endOf, sleepersOf } from './sleepers.ts';

type Seen = Pick<History, 'calls' | 'actions' | 'stops'>;

/**
 * I4. For one entity no call begins before the one before it has ended, and none that stands further back in the lane comes
 * first. What a process did that had been stopped meanwhile is excepted and counted.
 */
export function oneAtATime({ calls, actions, stops }: Seen): Verdict {
  const laneSeq = new Map(actions.map(({ id, laneSeq: seq }) => [id, seq]));
  const wasAsleep = sleepersOf(stops);
  const violations: string[] = [];
  let excepted = 0;
  let checked = 0;
  for (const [entity, own] of grouped(calls, (call) => call.entity)) {
    if (entity === '') continue;
    checked += own.length;
    const breaches = [...overlapping(own), ...outOfOrder(own, laneSeq)];
    for (const { before, after, what } of breaches) {
      if (wasAsleep(before) || wasAsleep(after)) excepted += 1;
      else violations.push(`entity ${entity}: ${what} (${told(before)}; ${told(after)})`);
    }
  }
  return { invariant: 'I4', checked, excepted, violations };
}

interface Breach {
  readonly before: ObservedCall;
  readonly after: ObservedCall;
  readonly what: string;
}

/** Each call against the one that ended last of those that began before it. */
function overlapping(calls: readonly ObservedCall[]): Breach[] {
  const breaches: Breach[] = [];
  let latest: ObservedCall | undefined;
  for (const call of byStart(calls)) {
    if (latest && endOf(latest) > call.startedAt) breaches.push({ before: latest, after: call, what: 'calls overlap' });
    if (!latest || endOf(call) > endOf(latest)) latest = call;
  }
  return breaches;
}

function outOfOrder(calls: readonly ObservedCall[], laneSeq: ReadonlyMap<string, number | null>): Breach[] {
  const breaches: Breach[] = [];
  let furthest: { readonly call: ObservedCall; readonly seq: number } | undefined;
  for (const call of byStart(calls)) {
    const seq = laneSeq.get(call.action) ?? null;
    if (seq === null) continue;
    if (furthest && seq < furthest.seq) {
      breaches.push({ before: furthest.call, after: call, what: `place ${furthest.seq} came before ${seq}` });
    } else furthest = { call, seq };
  }
  return breaches;
}

const byStart = (calls: readonly ObservedCall[]): ObservedCall[] =>
  [...calls].sort((a, b) => a.startedAt - b.startedAt || a.seq - b.seq);
const told = ({ seq, action, attempt, pid }: ObservedCall): string =>
  `call ${seq} of action ${action}, attempt ${attempt}, process ${pid}`;
