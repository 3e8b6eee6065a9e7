import { REASON_CODES, requirementSchema } from '@holdpoint/shared/domain/decision';
import { type EventEnvelope, operatorEnvelope } from '@holdpoint/shared/domain/event';
import { NAME_PATTERN, nameSchema, TOOL_PATTERN } from '@holdpoint/shared/domain/names';
import { DECISIONS, ESCALATION_MODES, RISKS } from '@holdpoint/shared/domain/policy';
import { STAND_IN_EVENT, type StandInEntity, standInEnvelope } from '@holdpoint/shared/domain/stand-in-event';
import { z } from 'zod';

export const CASES_MAX = 2_000;
const POLICIES_MAX = 1_000;
/** Who asks where a file does not say. */
const OPERATOR = 'rehearsal';
/** When it is where a file does not say: the same always, so that no case changes its result overnight. */
const NOW = '2026-06-01T00:00:00Z';

const time = z.iso.datetime({ offset: true });

const envSchema = z.strictObject({
  ...STAND_IN_EVENT,
  rootId: z.string().optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  digest: z.string().optional(),
});

const expectationSchema = z.strictObject({
  decision: z.enum(DECISIONS),
  /** All codes of the reasons, in any order. */
  codes: z.array(z.enum(REASON_CODES)).optional(),
  /** All policies that match, in any order. */
  matched: z.array(z.string()).optional(),
  /** What is given must be so; the rest may be anything. */
  escalation: z
    .strictObject({
      mode: z.enum(ESCALATION_MODES).optional(),
      requirements: z.array(requirementSchema.omit({ also: true }).strict()).optional(),
      ttl_seconds: z.number().int().optional(),
      self_approval: z.boolean().optional(),
      reasons: z.array(z.string()).optional(),
      denials: z.number().int().optional(),
      remind_every_seconds: z.number().int().optional(),
      refuse_unverified: z.boolean().optional(),
    })
    .optional(),
  /** As many as are reserved, in their order; of each what is given. */
  reservations: z.array(z.record(z.string(), z.unknown())).optional(),
});
export type CaseExpectation = z.infer<typeof expectationSchema>;

const caseSchema = z.strictObject({
  name: z.string().min(1).max(200),
  /** Stand in for the tenant's. Data only: conditions are CEL. */
  policies: z.array(z.unknown()).max(POLICIES_MAX).optional(),
  action: z.record(z.string(), z.unknown()),
  env: envSchema.optional(),
  now: time.optional(),
  operator: nameSchema.optional(),
  expect: expectationSchema,
});

/** A file of cases as its author writes it. */
export const caseFileSchema = z.strictObject({
  /** Stand in for the tenant's: connector → tool → risk. */
  tools: z.record(z.string().regex(NAME_PATTERN), z.record(z.string().regex(TOOL_PATTERN), z.enum(RISKS))).optional(),
  /** For the cases that do not say. */
  operator: nameSchema.optional(),
  now: time.optional(),
  cases: z.array(caseSchema).min(1).max(CASES_MAX),
});
export type WrittenCases = z.infer<typeof caseFileSchema>;

/** One case, with nothing left open but whose policies and tools it is asked of. */
export interface PolicyCase {
  /** `tenants/acme/policies.cases.yaml:12`, for who looks for it. */
  readonly at: string;
  readonly name: string;
  /** undefined: the tenant's. */
  readonly policies: readonly unknown[] | undefined;
  readonly tools: WrittenCases['tools'];
  readonly action: unknown;
  readonly env: EventEnvelope;
  /** What is known of the action's entity; null, or absent where its tool declares one: nothing. */
  readonly entity?: StandInEntity | null;
  readonly operator: string;
  /** ISO 8601. */
  readonly now: string;
  readonly expect: CaseExpectation;
}

/** The cases of one file. `placeOf` says where the one at an index stands. */
export function toCases(written: WrittenCases, placeOf: (index: number) => string): PolicyCase[] {
  return written.cases.map(({ name, policies, action, env, now, operator, expect }, index) => {
    const asking = operator ?? written.operator ?? OPERATOR;
    return {
      at: placeOf(index),
      name,
      policies,
      tools: written.tools,
      action,
      env: env ? standInEnvelope(env) : operatorEnvelope(asking),
      ...(env?.entity !== undefined && { entity: env.entity }),
      operator: asking,
      now: now ?? written.now ?? NOW,
      expect,
    };
  });
}
