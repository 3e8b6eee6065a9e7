import type { Verdict } from '@holdpoint/shared/domain/decision';
import {
  type DecisionRecord,
  NOT_ASKED,
  NOT_IN_TIME,
  READ_DIFFERENTLY,
  type RecordedVerdict,
} from '@holdpoint/shared/domain/decision-record';
import { digestOf } from '@holdpoint/shared/domain/digest';
import { type EventEnvelope, parseEventId } from '@holdpoint/shared/domain/event';
import type { EventId } from '@holdpoint/shared/domain/ids';
import type { TenantRules } from '../compile/tenant-rules.ts';
import { grantCoversSource } from '../decide/grants.ts';
import { type Question, scoreQuestion, type Watch } from '../score/score-question.ts';

/** Why a record says nothing of what other rules would have done. */
export const NOT_REPLAYED = {
  erased: 'its arguments and its event were erased',
  masked: 'a secret that the code of a tool or policy may have read is hidden',
  cut: 'it could not be stored as it was proposed',
  hung: 'the code of a policy or tool did not answer in time then',
  read_differently: 'its tool read the arguments differently when it was scored again',
  tools_changed: 'its tool has changed since, and refuses the line now',
  duplicate: 'it was a duplicate: nothing was done for it',
  idempotency_conflict: 'its key stood for another proposal',
  limit_exceeded: 'a limit was used up',
  denied: 'people denied it',
  unverified_on_behalf_of: 'nobody vouched for whom it was said to be for',
  entity_unreadable: 'what was known of its entity could not be shown',
  event_not_found: 'its event was not there',
  event_not_granted: 'its operator held no grant for the event',
  plan_expired: 'its plan had expired',
} as const;
export type NotReplayed = keyof typeof NOT_REPLAYED;

export type Replayed =
  | { readonly ok: true; readonly verdict: RecordedVerdict }
  | { readonly ok: false; readonly why: NotReplayed };

/** Told what the author's code is asked, for whoever must know where it hangs. */
export type ReplayWatch = Watch['userCode'];

interface ReplayHow {
  readonly userCode?: ReplayWatch;
  /** Its code did not come back: it is not asked again, and the line is blocked for it. */
  readonly stuck?: boolean;
}

/**
 * Scores a record again, with the facts of then and the clock of then. Never throws. Of rules by which it was decided it gives
 * the recorded verdict again, byte for byte; where that cannot be known, it says why instead.
 */
export function replayRecord(
  record: DecisionRecord,
  rules: TenantRules,
  { userCode, stuck }: ReplayHow = {},
): Replayed {
  const known = knownBefore(record);
  if (known) return { ok: false, why: known };
  let asked = false;
  const watch: Watch = {
    line: () => undefined,
    stuckLines: new Set(stuck ? [0] : []),
    userCode: {
      begins(subject) {
        asked = true;
        userCode?.begins(subject);
      },
      ends: () => userCode?.ends(),
    },
  };
  const answer = scoreQuestion(questionOf(record, rules), rules, watch);
  const line = answer.ok ? answer.lines[0] : undefined;
  if (!line) throw new Error('a question without rehearsed policies was not scored');
  // Of a hidden id nobody knows whose it is.
  const ofAnother = isMismatch(line.verdict) && !isMismatch(record.verdict);
  if ((asked || ofAnother) && record.masked.length > 0) return { ok: false, why: 'masked' };
  if (toolsChanged(record, line.verdict, rules)) return { ok: false, why: 'tools_changed' };
  return { ok: true, verdict: comparable(line.verdict) };
}

const isMismatch = ({ reasons }: Pick<Verdict, 'reasons'>) => reasons.some(({ code }) => code === 'entity_mismatch');

/** Byte for byte, in the order of RFC 8785. */
export function sameVerdict(a: RecordedVerdict, b: RecordedVerdict): boolean {
  return digestOf(comparable(a)) === digestOf(comparable(b));
}

function comparable({ decision, reasons, matched, policy_version, escalation, at }: Verdict | RecordedVerdict) {
  // A grant in advance is no rule: it says who need not be asked, and replay asks nobody.
  const ofRules = reasons.filter(({ code }) => code !== 'standing_grant');
  const base = { decision, reasons: ofRules, matched: [...matched], policy_version, at };
  return { ...base, ...(escalation && { escalation }) } as RecordedVerdict;
}

function knownBefore(record: DecisionRecord): NotReplayed | undefined {
  const { verdict, state } = record;
  if (state === 'duplicate') return 'duplicate';
  for (const { code, message } of verdict.reasons) {
    if (code === 'invalid_action' && message === READ_DIFFERENTLY) return 'read_differently';
    if ((code === 'policy_error' && message === NOT_IN_TIME) || message.includes(NOT_ASKED)) return 'hung';
    if (Object.hasOwn(NOT_REPLAYED, code)) return code as NotReplayed;
  }
  if (record.erased_at !== undefined) return 'erased';
  if (!record.whole) return 'cut';
  // Where all of it is hidden, even its shape is.
  return record.masked.some((path) => path === '' || path === 'args') ? 'masked' : undefined;
}

function questionOf(record: DecisionRecord, { grants }: TenantRules): Question {
  const { operator, event_id, line, verdict } = record;
  const source = event_id === undefined ? undefined : parseEventId(event_id as EventId).source;
  const granted = source === undefined || grantCoversSource(grants, operator, source);
  return {
    tenant: '',
    operator,
    env: record.env as unknown as EventEnvelope,
    lines: [line],
    ...(record.entity && { entities: [{ ok: true, snapshot: record.entity }] }),
    // Only for commitments in a digest, which nobody compares here.
    salt: '',
    now: verdict.at,
    ...(!granted && {
      blocked: { code: 'event_not_granted' as const, message: `${operator} holds no grant for events of ${source}` },
    }),
  };
}

const OF_THE_TOOL: readonly string[] = ['invalid_action', 'unknown_tool', 'value_mismatch', 'entity_mismatch'];

/** No policy has a say in these. */
function toolsChanged(record: DecisionRecord, now: Verdict, { policies }: TenantRules): boolean {
  if (record.verdict.policy_version === policies.version) return false;
  const before = new Set(record.verdict.reasons.map(({ code }) => code));
  return now.reasons.some(({ code }) => OF_THE_TOOL.includes(code) && !before.has(code));
}
