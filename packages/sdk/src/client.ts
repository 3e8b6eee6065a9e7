import { type LintReport, lintReportSchema } from '@holdpoint/policy/analysis/finding';
import { type Action, actionSchema, decisionSchema } from '@holdpoint/shared/domain/action';
import { decisionRecordSchema } from '@holdpoint/shared/domain/decision-record';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { eventSchema } from '@holdpoint/shared/domain/event';
import {
  type ActionExplanation,
  actionExplanationSchema,
  explanationSchema,
} from '@holdpoint/shared/domain/explanation';
import { freezeSchema } from '@holdpoint/shared/domain/freeze';
import type { ActionState } from '@holdpoint/shared/domain/lifecycle';
import { outcomeSchema } from '@holdpoint/shared/domain/outcome';
import type { ExecutionPlan } from '@holdpoint/shared/domain/plan';
import { rejectedSetSchema } from '@holdpoint/shared/domain/policy-change';
import { type ReceiptKind, receiptSchema } from '@holdpoint/shared/domain/receipt';
import { limitInUseSchema } from '@holdpoint/shared/domain/reservation';
import { z } from 'zod';
import { approvals } from './approvals-client.ts';
import { entities } from './entities-client.ts';
import {
  call,
  callBytes,
  callStream,
  type HttpRequest,
  type HttpSettings,
  id,
  type Page,
  pageOf,
  type Query,
  type Service,
} from './http.ts';
import { standingGrants } from './standing-grants-client.ts';

export type { ApprovalEvent } from './approval-stream.ts';
export type { BatchAnswer } from './approvals-client.ts';
export type { GrantPreview, RequestedClass, RequestedGrant, UsedGrant } from './standing-grants-client.ts';

/** Where the services answer: one URL where something in front of them tells them apart, or one each. */
export interface ServiceUrls {
  readonly ingest: string;
  readonly evaluator: string;
  readonly executor: string;
  readonly approvals: string;
}

export interface ClientOptions {
  readonly url: string | Partial<ServiceUrls>;
  /** An API key or a person's JWT. */
  readonly key: string;
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
}

const TIMEOUT_MS = 30_000;

const loose = z.looseObject({});
const planAnswerSchema = z.looseObject({
  id: z.string(),
  plan_id: z.string(),
  decisions: z.array(decisionSchema),
  outcomes: z.array(outcomeSchema).optional(),
});
export type PlanAnswer = z.infer<typeof planAnswerSchema>;
const evaluationSchema = z.looseObject({
  decisions: z.array(z.looseObject({ decision: z.string(), explanation: explanationSchema.optional() })),
});

export type HoldpointClient = ReturnType<typeof createClient>;

/** The HTTP API, typed. Every failure is a HoldpointError with the server's code. */
export function createClient(options: ClientOptions) {
  const settings: HttpSettings = {
    key: options.key,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    fetch: options.fetch ?? fetch,
  };
  const based = (name: keyof ServiceUrls, request: Omit<HttpRequest, 'base'>): HttpRequest => {
    const base = typeof options.url === 'string' ? options.url : options.url[name];
    if (base === undefined) throw new HoldpointError('INVALID_REQUEST', `the client was given no URL of ${name}`);
    return { ...request, base };
  };
  const service = (name: keyof ServiceUrls): Service => {
    return async (schema, request) => call(settings, based(name, request), schema);
  };
  return {
    plans: plans(service('evaluator'), service('executor')),
    policies: policies(service('evaluator')),
    limits: limits(service('evaluator')),
    actions: actions(service('executor')),
    receipts: receipts(service('executor')),
    freezes: freezes(service('executor')),
    entities: entities(service('executor')),
    approvals: approvals(service('approvals'), (request) => callStream(settings, based('approvals', request))),
    standingGrants: standingGrants(service('approvals')),
    events: events(service('ingest'), async (request) => callBytes(settings, based('ingest', request))),
  };
}

const asQuery = (query: object): Query => query as Query;

export interface SubmitOptions {
  readonly operator: string;
  readonly waitSeconds?: number | undefined;
  readonly approvalId?: string | undefined;
}

function plans(evaluator: Service, executor: Service) {
  return {
    /**
     * Proposes a plan; with `waitSeconds`, answers when every line is finished or held, or the time is up. With `approvalId`
     * nothing is proposed: the plan's one line is the call that the approval is about, and its outcome the answer.
     * @throws {HoldpointError} with `approvalId`: APPROVAL_REQUIRED while people have not decided, APPROVAL_DENIED,
     *   APPROVAL_EXPIRED, IDEMPOTENCY_CONFLICT where it is about another call
     */
    submit: (plan: ExecutionPlan, how: SubmitOptions): Promise<PlanAnswer> =>
      evaluator(planAnswerSchema, {
        method: 'POST',
        path: '/v1/plans',
        query: { wait: how.waitSeconds },
        body: { ...plan, operator: how.operator },
        headers: how.approvalId === undefined ? undefined : { 'x-approval-id': how.approvalId },
        waitSeconds: how.waitSeconds,
      }),
    get: (planRowId: string) => executor(loose, { method: 'GET', path: `/v1/plans/${id(planRowId)}` }),
  };
}

/** `POST /v1/evaluate`: what would be decided, recording nothing. */
export interface EvaluateRequest {
  readonly plan: unknown;
  readonly operator?: string | undefined;
  readonly env?: unknown;
  readonly policies?: unknown;
  readonly tools?: unknown;
  readonly now?: string | undefined;
  /** Each decision comes with its `explanation`. */
  readonly explain?: boolean | undefined;
}

const policiesSchema = z.looseObject({
  version: z.string(),
  policies: z.array(z.looseObject({ id: z.string(), decision: z.string() })),
  rejected: rejectedSetSchema.optional(),
});

const policyChangesSchema = z.looseObject({
  id: z.string(),
  at: z.string(),
  version: z.string(),
  changes: z.array(z.looseObject({ code: z.string(), policy: z.string().optional(), message: z.string() })),
});

const recordsSchema = pageOf(decisionRecordSchema).extend({ tenant: z.string() });

export interface RecordQuery extends Page {
  /** RFC 3339, by when it was proposed; `until` itself is left out. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly operator?: string | undefined;
}

function policies(evaluator: Service) {
  return {
    evaluate: (request: EvaluateRequest) =>
      evaluator(evaluationSchema, { method: 'POST', path: '/v1/evaluate', body: request }),
    /** Why an action was decided as it was: by the facts of then, under the policies that are loaded now. */
    explain: (actionId: string): Promise<ActionExplanation> =>
      evaluator(actionExplanationSchema, { method: 'GET', path: `/v1/actions/${id(actionId)}/explanation` }),
    get: () => evaluator(policiesSchema, { method: 'GET', path: '/v1/policies' }),
    /** What was decided, with the facts of then; oldest first. A page may be empty and have a next one. */
    records: (query: RecordQuery = {}) =>
      evaluator(recordsSchema, { method: 'GET', path: '/v1/policies/records', query: asQuery(query) }),
    /** What looks wrong with the policies in force, as of their load. */
    /** What became of them, newest first: one for each set that was put in force. */
    changes: (query: Page = {}) =>
      evaluator(pageOf(policyChangesSchema), { method: 'GET', path: '/v1/policies/changes', query: asQuery(query) }),
    lint: (): Promise<LintReport> => evaluator(lintReportSchema, { method: 'GET', path: '/v1/policies/lint' }),
  };
}

function limits(evaluator: Service) {
  return {
    /** Limits that something uses, by policy. */
    list: (query: Page = {}) =>
      evaluator(pageOf(limitInUseSchema), { method: 'GET', path: '/v1/limits', query: asQuery(query) }),
  };
}

export interface Settlement {
  readonly as: 'applied' | 'not_applied' | 'failed';
  readonly reason: string;
}

function actions(executor: Service) {
  const post = (actionId: string, verb: string, body: object): Promise<Action> =>
    executor(actionSchema, { method: 'POST', path: `/v1/actions/${id(actionId)}/${verb}`, body });
  return {
    list: (query: Page & { state?: ActionState; entity_key?: string; operator?: string } = {}) =>
      executor(pageOf(actionSchema), { method: 'GET', path: '/v1/actions', query: asQuery(query) }),
    get: (actionId: string) => executor(actionSchema, { method: 'GET', path: `/v1/actions/${id(actionId)}` }),
    cancel: (actionId: string, reason?: string) => post(actionId, 'cancel', reason === undefined ? {} : { reason }),
    retry: (actionId: string, reason?: string) => post(actionId, 'retry', reason === undefined ? {} : { reason }),
    settle: (actionId: string, settlement: Settlement) => post(actionId, 'settle', settlement),
  };
}

export interface ReceiptQuery extends Page {
  readonly action_id?: string;
  readonly plan_id?: string;
  readonly entity_key?: string;
  /** An id or key of whatever kind. */
  readonly about?: string;
  readonly event_id?: string;
  readonly operator?: string;
  readonly connector?: string;
  readonly tool?: string;
  readonly actor?: string;
  readonly outcome?: string;
  readonly kind?: ReceiptKind;
  readonly since?: string;
  /** Left out itself. */
  readonly until?: string;
}

function receipts(executor: Service) {
  return {
    list: (query: ReceiptQuery = {}) =>
      executor(pageOf(receiptSchema), { method: 'GET', path: '/v1/receipts', query: asQuery(query) }),
  };
}

export interface FreezeQuery {
  /** Those that were lifted as well. */
  readonly lifted?: boolean | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** What is frozen: all that is named; nothing named is everything of the tenant. */
export interface FreezeRequest {
  readonly operator?: string | undefined;
  readonly connector?: string | undefined;
  readonly tool?: string | undefined;
  readonly reason: string;
}

function freezes(executor: Service) {
  return {
    list: (query: FreezeQuery = {}) =>
      executor(pageOf(freezeSchema), { method: 'GET', path: '/v1/freezes', query: asQuery(query) }),
    /** Stops claims at once; what is in flight ends. */
    set: (request: FreezeRequest) =>
      executor(freezeSchema, { method: 'POST', path: '/v1/freezes', body: { ...request } }),
    /** What waited is scored again before it goes on. */
    lift: (freezeId: string) => executor(freezeSchema, { method: 'DELETE', path: `/v1/freezes/${id(freezeId)}` }),
  };
}

const sourceSchema = z.looseObject({
  id: z.string(),
  tenant: z.string(),
  provider: z.string(),
  /** Told to admins, as all that says how the door is kept. */
  path: z.string().optional(),
  subscription_path: z.string().nullish(),
  health: z
    .looseObject({
      status: z.string(),
      counts: z.record(z.string(), z.number()),
      last_delivery: z.looseObject({ at: z.string(), event_id: z.string().nullable() }).nullable(),
      last_failure: z
        .looseObject({ at: z.string(), result: z.string(), reason: z.string().nullable(), help: z.string() })
        .nullable(),
    })
    .nullish(),
});
const sourcesSchema = pageOf(sourceSchema).extend({
  /** Of the event store, for all of the tenant's sources. */
  quota: z.looseObject({ used_bytes: z.number(), max_bytes: z.number() }).optional(),
});
/** A webhook endpoint as `GET /v1/sources` shows it. */
export type SourceInfo = z.infer<typeof sourceSchema>;

export interface EventQuery extends Page {
  readonly source?: string | undefined;
  readonly type?: string | undefined;
  /** RFC 3339, by the time of acceptance; `until` itself is left out. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** What was accepted between two times. */
export interface ReplayRange extends EventQuery {
  readonly since: string;
  readonly until: string;
  /** Operators do their work again. */
  readonly fresh?: boolean | undefined;
  /** Within a batch an event is replayed once; unless told, the same range is the same batch. */
  readonly batch?: string | undefined;
  readonly dry_run?: boolean | undefined;
}

const rangeReplayedSchema = z.object({
  batch: z.string(),
  items: z.array(
    z.object({ replay_of: z.string(), id: z.string(), status: z.enum(['planned', 'replayed', 'already', 'gone']) }),
  ),
  next_cursor: z.string().nullish(),
});
export type RangeReplayed = z.infer<typeof rangeReplayedSchema>;

function events(ingest: Service, bytes: (request: Omit<HttpRequest, 'base'>) => Promise<Uint8Array>) {
  return {
    sources: (query: Page = {}) => ingest(sourcesSchema, { method: 'GET', path: '/v1/sources', query: asQuery(query) }),
    list: (query: EventQuery = {}) =>
      ingest(pageOf(eventSchema), { method: 'GET', path: '/v1/events', query: asQuery(query) }),
    get: (eventId: string) => ingest(eventSchema, { method: 'GET', path: `/v1/events/${id(eventId)}` }),
    /** The provider's bytes as they came, up to 25 MiB: also of an event that came without them (`dataRef`). */
    raw: (eventId: string) => bytes({ method: 'GET', path: `/v1/events/${id(eventId)}`, query: { raw: true } }),
    /** The same event once more, under a new id; with `fresh`, its effects may be repeated. */
    replay: (eventId: string, how: { fresh?: boolean } = {}) =>
      ingest(eventSchema, { method: 'POST', path: `/v1/events/${id(eventId)}/replay`, body: how }),
    /** A page of a range, oldest first; go on with `next_cursor`. The same call again repeats nothing. */
    replayRange: (range: ReplayRange) =>
      ingest(rangeReplayedSchema, { method: 'POST', path: '/v1/events/replay', body: range }),
  };
}
