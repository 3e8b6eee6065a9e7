import { plainJson } from '@holdpoint/policy/decide/plain-json';
import type { Question } from '@holdpoint/policy/score/score-question';
import type { ScoredLine } from '@holdpoint/policy/score/scored-line';
import { decisionSchema } from '@holdpoint/shared/domain/action';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { operatorEnvelope } from '@holdpoint/shared/domain/event';
import { explanationSchema } from '@holdpoint/shared/domain/explanation';
import { NAME_PATTERN, nameSchema, TOOL_PATTERN } from '@holdpoint/shared/domain/names';
import type { ExecutionPlan } from '@holdpoint/shared/domain/plan';
import { RISKS } from '@holdpoint/shared/domain/policy';
import {
  STAND_IN_EVENT,
  type StandInEntity,
  standInEnvelope,
  standInSnapshot,
} from '@holdpoint/shared/domain/stand-in-event';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { noEvent, precheck } from '../core/precheck.ts';
import { parsePlan } from '../core/proposal.ts';
import { vouched } from '../core/vouched.ts';
import { declaredOf } from '../core/wanted-entities.ts';
import { readEvent } from '../events/read-event.ts';
import { lookUpEntities } from '../look-up-entities.ts';
import type { Book } from '../scoring/rules.ts';
import { readNow } from '../store/read-now.ts';

const PATH_MAX_CHARS = 200;
const REHEARSED_POLICIES_MAX = 1_000;
const NOBODY_IN_PARTICULAR = 'rehearsal';
/** Nothing is recorded, so nothing has an id. */
const NO_ID = '00000000-0000-0000-0000-000000000000';

/** Who rehearses says what matters to the policies: what is left out is nothing that they could ask for. */
const envSchema = z.looseObject({
  ...STAND_IN_EVENT,
  source: STAND_IN_EVENT.source.default(''),
  type: STAND_IN_EVENT.type.default('unknown'),
});

const bodySchema = z.strictObject({
  plan: z.record(z.string(), z.unknown()),
  operator: nameSchema.optional().describe('Absent: nobody in particular, of whom no grant is asked'),
  env: envSchema.optional(),
  policies: z.array(z.unknown()).max(REHEARSED_POLICIES_MAX).optional(),
  tools: z.record(z.string().regex(NAME_PATTERN), z.record(z.string().regex(TOOL_PATTERN), z.enum(RISKS))).optional(),
  now: z.iso.datetime({ offset: true }).optional(),
  explain: z.boolean().optional(),
});

const rehearsedSchema = decisionSchema.extend({ explanation: explanationSchema.optional() });

export function evaluateRoutes(app: App, context: Context): void {
  app.post(
    '/v1/evaluate',
    {
      onRequest: authenticated({ authenticator: context.authenticator, scope: 'admin' }),
      schema: {
        tags: ['policies'],
        summary: 'Score a plan as if: nothing is recorded, nothing is done',
        body: bodySchema,
        response: { 200: z.object({ decisions: z.array(rehearsedSchema) }) },
      },
    },
    async (request) => {
      const { plan } = parsePlan(request.body.plan);
      // Whatever a rehearsal takes, no plan waits for it.
      const [answer] = await context.scorer.score('aside', async (book) => [
        await questionOf(context, book, request.principal.tenant, plan, request.body),
      ]);
      if (!answer) throw new HoldpointError('INTERNAL', 'the plan was not scored');
      if (!answer.ok) {
        const issues = answer.issues.map(({ path, reason }) => ({ path, reason }));
        throw new HoldpointError('INVALID_REQUEST', 'the policies do not compile', { issues });
      }
      const lines = answer.lines.map((line) => vouched(line, plan.agent?.on_behalf_of));
      return { decisions: lines.map((line, index) => rehearsed(line, plan.plan_id, index)) };
    },
  );
}

/** The same prechecks as a plan in earnest, then what stands in for its event, policies and tools. */
async function questionOf(
  context: Context,
  book: Book,
  tenant: string,
  plan: ExecutionPlan,
  { operator: named, policies, tools, env, now, explain }: z.infer<typeof bodySchema>,
): Promise<Question> {
  const operator = named ?? NOBODY_IN_PARTICULAR;
  // A policy or an event that nests deeper would not cross to the scoring thread.
  for (const [field, value] of Object.entries({ policies, env })) requirePlain(field, value);
  const at = now === undefined ? await readNow(context.db) : new Date(now);
  const base = {
    tenant,
    operator,
    salt: await context.salts.of(tenant),
    lines: plan.actions,
    now: at.toISOString(),
    ...(named === undefined && { anyOperator: true as const }),
    ...(policies && { policies }),
    ...(tools && { tools }),
    ...(explain && { explain: true as const }),
  };
  const grants = named === undefined ? undefined : book.tenants.get(tenant)?.sources;
  const against = precheck(plan, operator, grants, at);
  if (against) return { ...base, env: operatorEnvelope(operator), blocked: against };
  const entities = await knownOf(context, book, { tenant, lines: plan.actions }, { tools, entity: env?.entity });
  const asked = { ...base, ...(entities && { entities }) };
  if (env) return { ...asked, env: standInEnvelope(env) };
  if (plan.event_id === undefined) return { ...asked, env: operatorEnvelope(operator) };
  const event = await readEvent(context.nats, tenant, plan.event_id);
  return event
    ? { ...asked, env: event }
    : { ...base, env: operatorEnvelope(operator), blocked: noEvent(tenant, plan.event_id) };
}

/** What is said of the entity stands for every line's; else what is known of each now, where tools that declare one are asked. */
async function knownOf(
  context: Context,
  book: Book,
  asking: { readonly tenant: string; readonly lines: readonly unknown[] },
  { tools, entity }: { readonly tools: unknown; readonly entity: StandInEntity | null | undefined },
): Promise<Question['entities'] | undefined> {
  if (entity === undefined) return tools ? undefined : lookUpEntities(context, book, [asking])(0);
  if (entity === null) return asking.lines.map(() => ({ ok: true, snapshot: null }));
  const declared = tools ? undefined : book.tenants.get(asking.tenant)?.entities;
  return asking.lines.map((line) => ({
    ok: true,
    snapshot: standInSnapshot(entity, line, declaredOf(line, declared)),
  }));
}

function requirePlain(field: string, value: unknown): void {
  const plain = plainJson(value ?? null);
  if (plain.ok) return;
  const issues = [{ path: [field, ...plain.path].join('.').slice(0, PATH_MAX_CHARS), reason: plain.reason }];
  throw new HoldpointError('INVALID_REQUEST', `${field} cannot be read`, { issues });
}

function rehearsed(line: ScoredLine, planId: string, index: number): z.infer<typeof rehearsedSchema> {
  const { verdict, risk, explanation } = line;
  const holds = verdict.decision === 'ALERT' && verdict.escalation?.mode === 'hold' && risk !== 'read';
  return {
    action_id: NO_ID,
    plan_id: planId,
    index,
    decision: verdict.decision,
    reasons: [...verdict.reasons],
    matched: [...verdict.matched],
    policy_version: verdict.policy_version,
    ...(verdict.escalation && { escalation: verdict.escalation }),
    state: verdict.decision === 'BLOCK' ? 'blocked' : holds ? 'held' : 'queued',
    at: verdict.at,
    ...(verdict.reservations && { reservations: [...verdict.reservations] }),
    ...(explanation && { explanation }),
  };
}
