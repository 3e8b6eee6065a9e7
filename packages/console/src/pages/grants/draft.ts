import type { Approval } from '@holdpoint/shared/domain/approval';
import { MASK } from '@holdpoint/shared/domain/secret-args';
import type { GrantCondition, GrantScalar } from '@holdpoint/shared/domain/standing-grant';

export const RULES = ['equals', 'max', 'min', 'any'] as const;
export type Rule = (typeof RULES)[number];

/** One argument, and what is asked of it. */
export interface Pin {
  readonly path: string;
  readonly value: GrantScalar;
  readonly rule: Rule;
  /** As it was typed. */
  readonly bound: string;
}

export interface Draft {
  readonly pins: readonly Pin[];
  /** As they were typed; '' for no bound. */
  readonly maxValue: string;
  readonly uses: string;
  readonly until: string;
  readonly reason: string;
}

const PINS_MAX = 20;
const FIRST_DAYS = 7;
const FIRST_USES = 10;
const DAY_MS = 24 * 3600 * 1000;

/** Everything pinned to what was asked: whoever grants more loosens it by hand, and sees what that comes to. */
export function draftFrom({ args, value }: Pick<Approval, 'args' | 'value'>, nowMs: number): Draft {
  const pins = scalarsIn(args).map(
    ([path, found]) => ({ path, value: found, rule: 'equals', bound: String(found) }) as const,
  );
  return {
    pins: pins.slice(0, PINS_MAX),
    maxValue: value === null ? '' : String(value),
    uses: String(FIRST_USES),
    until: localTime(nowMs + FIRST_DAYS * DAY_MS),
    reason: '',
  };
}

/** What can be said of this argument: only numbers have bounds. */
export function rulesFor({ value }: Pin): readonly Rule[] {
  return typeof value === 'number' ? RULES : ['equals', 'any'];
}

export function conditionsOf(draft: Draft): GrantCondition[] {
  return draft.pins.flatMap(({ path, rule, value, bound }): GrantCondition[] => {
    if (rule === 'any') return [];
    return rule === 'equals' ? [{ path, equals: value }] : [{ path, [rule]: Number(bound) }];
  });
}

/** What decides which actions are meant. */
export function classOf(draft: Draft) {
  return { args: conditionsOf(draft), max_value: draft.maxValue === '' ? null : Number(draft.maxValue) };
}

/** As a field for a time has it: of this place, to the minute. */
function localTime(ms: number): string {
  const shifted = ms - new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(shifted).toISOString().slice(0, 16);
}

/** What stands under a path of plain names; what is hidden, or within a list, cannot be pinned. */
function scalarsIn(args: unknown, above: readonly string[] = []): [path: string, value: GrantScalar][] {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return [];
  return Object.entries(args).flatMap(([name, value]): [string, GrantScalar][] => {
    if (name === '' || name === '*' || name.includes('.') || value === MASK) return [];
    const path = [...above, name];
    if (typeof value === 'object' && value !== null) return scalarsIn(value, path);
    return [[path.join('.'), value as GrantScalar]];
  });
}
