import type { Reason } from '@holdpoint/shared/domain/decision';
import type { DecisionRecord, RecordedVerdict } from '@holdpoint/shared/domain/decision-record';
import { type Course, courseOf, runs } from './course.ts';
import { NOT_REPLAYED, type NotReplayed, type Replayed, sameVerdict } from './replay-record.ts';

/** A record that takes another course under the replayed rules. */
export interface Flip {
  readonly action_id: string;
  readonly plan_id: string;
  readonly index: number;
  readonly proposed_at: string;
  readonly operator: string;
  readonly connector: string;
  readonly tool: string;
  readonly value: number | null;
  readonly entity_key: string | null;
  readonly state: DecisionRecord['state'];
  readonly from: Course;
  readonly to: Course;
  readonly reasons_before: readonly Reason[];
  readonly reasons_after: readonly Reason[];
}

/** How many there are, and as many of them as are kept. */
export interface Found {
  readonly total: number;
  readonly items: readonly Flip[];
}

export interface ReplayReport {
  readonly policy_version: string;
  readonly records: number;
  readonly replayed: number;
  /** The same course for the same reasons, by the same policies. */
  readonly unchanged: number;
  /** The same course, but other reasons, policies or people. */
  readonly same_course: number;
  readonly flips: Found & {
    readonly by: readonly { readonly from: Course; readonly to: Course; readonly count: number }[];
  };
  /** What would run unattended now and did not: its worth, by tool. Lines without a value count as 0. */
  readonly exposed: Exposed & { readonly by_tool: readonly (Exposed & { readonly tool: string })[] };
  readonly approvals: {
    /** Questions that would not have been asked, and how long they waited for their answer. */
    readonly saved: number;
    readonly saved_wait_seconds: number;
    /** Not asked, because it would be blocked. */
    readonly blocked: number;
    readonly added: number;
    readonly reviews_saved: number;
    readonly reviews_added: number;
  };
  /** Lines that people denied, and that would have run. */
  readonly denied_would_run: Found;
  /** Lines that nobody answered in time, and that would have run. */
  readonly expired_would_run: number;
  /** Decided by these very rules, and yet another verdict now: something in them is not a function of its arguments. */
  readonly not_reproduced: Found;
  readonly not_replayed: {
    readonly total: number;
    readonly by: readonly { readonly why: NotReplayed; readonly message: string; readonly count: number }[];
  };
}

interface Exposed {
  readonly lines: number;
  readonly value: number;
}

export interface Replay {
  /** A record, and what the rules make of it. */
  add(record: DecisionRecord, replayed: Replayed): void;
  report(): ReplayReport;
}

/** Beyond these, tools are counted together: names of tools come from proposals, and so may be made up. */
const TOOLS_MAX = 1_000;
const OTHER_TOOLS = '(other tools)';

/** Takes replayed records one by one; keeps counts, and `keepMax` of each kind of finding. `version`: of the rules. */
export function createReplay(version: string, keepMax: number): Replay {
  const counts = { records: 0, replayed: 0, unchanged: 0, same_course: 0, expired_would_run: 0 };
  const approvals = { saved: 0, saved_wait_seconds: 0, blocked: 0, added: 0, reviews_saved: 0, reviews_added: 0 };
  const flips = createKeep(keepMax);
  const denied = createKeep(keepMax);
  const unlike = createKeep(keepMax);
  const courses = new Map<string, { from: Course; to: Course; count: number }>();
  const tools = new Map<string, { lines: number; value: number }>();
  const skipped = new Map<NotReplayed, number>();

  function compare(record: DecisionRecord, verdict: RecordedVerdict): void {
    const [from, to] = [courseOf(record.verdict), courseOf(verdict)];
    const sameVersion = record.verdict.policy_version === verdict.policy_version;
    const same = sameVerdict({ ...record.verdict, policy_version: verdict.policy_version }, verdict);
    if (same) counts.unchanged += 1;
    else if (from === to) counts.same_course += 1;
    if (sameVersion && !same) unlike.add(flipOf(record, verdict, from, to));
    if (from === to) return;
    flips.add(flipOf(record, verdict, from, to));
    const key = `${from} ${to}`;
    courses.set(key, { from, to, count: (courses.get(key)?.count ?? 0) + 1 });
    countApprovals(record, from, to);
    if (runs(from) || !runs(to)) return;
    expose(record);
    if (wasDenied(record)) denied.add(flipOf(record, verdict, from, to));
    else if (record.state === 'expired') counts.expired_would_run += 1;
  }

  function countApprovals({ approvals: asked }: DecisionRecord, from: Course, to: Course): void {
    const held = asked.filter(({ mode }) => mode === 'hold');
    if (from === 'hold' && runs(to)) {
      approvals.saved += held.length;
      for (const one of held) approvals.saved_wait_seconds += waitedSeconds(one);
    } else if (from === 'hold' && to === 'BLOCK') approvals.blocked += held.length;
    else if (to === 'hold') approvals.added += 1;
    if (from === 'review') approvals.reviews_saved += asked.length - held.length;
    if (to === 'review') approvals.reviews_added += 1;
  }

  function expose({ connector, tool, value }: DecisionRecord): void {
    const name = `${connector} ${tool}`;
    const key = tools.has(name) || tools.size < TOOLS_MAX ? name : OTHER_TOOLS;
    const before = tools.get(key) ?? { lines: 0, value: 0 };
    tools.set(key, { lines: before.lines + 1, value: before.value + (value ?? 0) });
  }

  return {
    add(record, replayed) {
      counts.records += 1;
      if (!replayed.ok) {
        skipped.set(replayed.why, (skipped.get(replayed.why) ?? 0) + 1);
        return;
      }
      counts.replayed += 1;
      compare(record, replayed.verdict);
    },
    report() {
      const byTool = [...tools].map(([tool, exposed]) => ({ tool, ...exposed }));
      return {
        policy_version: version,
        ...counts,
        flips: { ...flips.found(), by: [...courses.values()].sort((a, b) => b.count - a.count) },
        exposed: {
          lines: byTool.reduce((sum, { lines }) => sum + lines, 0),
          value: byTool.reduce((sum, { value }) => sum + value, 0),
          by_tool: byTool.sort((a, b) => b.value - a.value || b.lines - a.lines),
        },
        approvals: { ...approvals, saved_wait_seconds: Math.round(approvals.saved_wait_seconds) },
        denied_would_run: denied.found(),
        not_reproduced: unlike.found(),
        not_replayed: {
          total: counts.records - counts.replayed,
          by: [...skipped]
            .map(([why, count]) => ({ why, message: NOT_REPLAYED[why], count }))
            .sort((a, b) => b.count - a.count),
        },
      };
    },
  };
}

/** Whether a person said no before it ran. */
export function wasDenied({ state, approvals }: DecisionRecord): boolean {
  return state === 'denied' || approvals.some(({ status, mode }) => status === 'denied' && mode === 'hold');
}

function waitedSeconds({ created_at, decided_at }: DecisionRecord['approvals'][number]): number {
  return decided_at === null ? 0 : Math.max(0, Date.parse(decided_at) - Date.parse(created_at)) / 1000;
}

function createKeep(max: number) {
  const items: Flip[] = [];
  let total = 0;
  return {
    add(flip: Flip): void {
      total += 1;
      if (items.length < max) items.push(flip);
    },
    found: (): Found => ({ total, items }),
  };
}

function flipOf(record: DecisionRecord, verdict: RecordedVerdict, from: Course, to: Course): Flip {
  const { action_id, plan_id, index, proposed_at, operator, connector, tool, value, entity_key, state } = record;
  return {
    ...{ action_id, plan_id, index, proposed_at, operator, connector, tool, value, entity_key, state, from, to },
    reasons_before: record.verdict.reasons,
    reasons_after: verdict.reasons,
  };
}
