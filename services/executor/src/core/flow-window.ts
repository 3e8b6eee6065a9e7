import { FLOW_WINDOWS_SECONDS, type Flow, type FlowCounts, type FlowStep } from '@holdpoint/shared/domain/flow';

/** So many steps of one kind, in one second. */
export interface Passed {
  readonly tenant: string;
  /** Since 1970. */
  readonly second: number;
  readonly step: FlowStep;
  readonly count: number;
}

/** What was read of a stretch, newest first: where it was too much, only what passed from `from` on is whole. */
export interface Stretch {
  readonly from: number;
  readonly passed: readonly Passed[];
}

const KEPT_SECONDS = Math.max(...FLOW_WINDOWS_SECONDS);

/**
 * What passed in the last quarter of an hour, by second: of one stretch without gaps, from `from` until `until`. It grows at its
 * new end as time goes on, and at its old end as there is time to read; what does not join it anew begins it.
 */
export interface FlowWindow {
  readonly from: number;
  readonly until: number;
  /** What to read to reach `until`: nothing where it is there. */
  wantsNewer(until: number): { readonly from: number; readonly until: number } | undefined;
  /** What to read to know the whole. */
  wantsOlder(): { readonly from: number; readonly until: number } | undefined;
  addNewer(until: number, stretch: Stretch): void;
  addOlder(stretch: Stretch): void;
  show(tenant: string): Flow['windows'];
}

export function createFlowWindow(): FlowWindow {
  const bySecond = new Map<number, Passed[]>();
  let from = 0;
  let until = 0;

  const keep = ({ from: whole, passed }: Stretch) => {
    for (const one of passed) {
      if (one.second < whole) continue;
      const same = bySecond.get(one.second);
      if (same) same.push(one);
      else bySecond.set(one.second, [one]);
    }
  };
  const forget = (before: number) => {
    from = Math.max(from, before);
    for (const second of bySecond.keys()) if (second < before) bySecond.delete(second);
  };

  return {
    get from() {
      return from;
    },
    get until() {
      return until;
    },
    wantsNewer: (to) => (to > until ? { from: Math.max(until, to - KEPT_SECONDS), until: to } : undefined),
    wantsOlder: () => (from > until - KEPT_SECONDS ? { from: until - KEPT_SECONDS, until: from } : undefined),
    addNewer(to, stretch) {
      if (stretch.from > until) {
        bySecond.clear();
        from = stretch.from;
      }
      keep(stretch);
      until = to;
      forget(until - KEPT_SECONDS);
    },
    addOlder(stretch) {
      keep(stretch);
      from = stretch.from;
    },
    show: (tenant) =>
      FLOW_WINDOWS_SECONDS.map((seconds) => {
        const since = Math.max(from, until - seconds);
        const counts: FlowCounts = {};
        for (const [second, passed] of bySecond) {
          if (second < since) continue;
          for (const { tenant: whose, step, count } of passed) {
            if (whose === tenant) counts[step] = (counts[step] ?? 0) + count;
          }
        }
        return { window_seconds: seconds, seconds: until - since, counts };
      }),
  };
}
