import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { nameSchema } from '@holdpoint/shared/domain/names';
import { PLAN_MAX_BYTES } from '@holdpoint/shared/domain/plan';
import { CONSUMERS, DELIVERIES_MAX } from '@holdpoint/shared/messages/consumers';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { parsePlanSubject } from '@holdpoint/shared/messages/subjects';
import { deadLetter } from '@holdpoint/shared/runtime/dead-letter';
import { isDependencyLoss } from '@holdpoint/shared/runtime/dependency-loss';
import { type BatchConsumer, consumeBatches, ensureConsumer, ensureStreams } from '@holdpoint/shared/runtime/nats';
import { TRACEPARENT, traceFrom } from '@holdpoint/shared/runtime/trace';
import type { JsMsg } from '@nats-io/jetstream';
import type { Context } from '../context.ts';
import { type Proposal, parsePlan } from '../core/proposal.ts';
import type { Decider } from '../decide-plans.ts';

/** Takes plans from PLANS: acknowledged once decided and recorded, or once dead-lettered; everything else comes again. */
export function consumePlans(context: Context, decider: Decider): BatchConsumer {
  const { nats, logger } = context;
  const aside = holdAside(context);
  const { stream, config } = CONSUMERS.plans;
  return consumeBatches({
    js: nats.js,
    stream,
    durable: config.durable_name,
    logger,
    ensure: async () => {
      await ensureStreams(nats.jsm, Object.values(STREAMS), logger);
      await ensureConsumer(nats.jsm, CONSUMERS.plans);
    },
    async handle(messages) {
      const results = await Promise.allSettled(
        messages.map((message) => aside.unless(message, (onAside) => handlePlan(context, decider, message, onAside))),
      );
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },
  });
}

const WORKING_EVERY_MS = 5_000;
const AGAIN_MS = 5_000;

/** Plans that are decided aside: their batch is done without them, so they say themselves that they are worked on. As many as the decider lets wait there. */
function holdAside({ logger }: Context) {
  const held = new Set<JsMsg>();
  let beat: NodeJS.Timeout | undefined;
  const release = (message: JsMsg) => {
    held.delete(message);
    if (held.size === 0) clearInterval(beat);
  };
  const hold = (message: JsMsg) => {
    if (held.size === 0) beat = setInterval(() => [...held].map((one) => one.working()), WORKING_EVERY_MS);
    held.add(message);
  };
  return {
    /** Resolves once the message is handled or held aside, where its failure is its own. */
    unless(message: JsMsg, handle: (onAside: () => void) => Promise<void>): Promise<void> {
      return new Promise((resolve, reject) => {
        const done = handle(() => {
          hold(message);
          resolve();
        });
        done
          .then(resolve, (err: unknown) => {
            reject(err);
            if (!held.has(message)) return;
            logger.warn({ err, subject: message.subject }, 'a plan aside comes again');
            message.nak(AGAIN_MS);
          })
          .finally(() => release(message));
      });
    },
  };
}

async function handlePlan(context: Context, decider: Decider, message: JsMsg, onAside: () => void): Promise<void> {
  try {
    const result = await decider.add(toProposal(message), onAside);
    if (!result.ok) throw result.error;
    message.ack();
  } catch (error) {
    const refusal = refusalOf(error, message);
    if (!refusal) throw error;
    await bury(context, message, refusal);
    message.ack();
  }
}

/** The tenant and operator are the subject's: the server checked who may publish there. A body that names others is refused. */
function toProposal(message: JsMsg): Proposal {
  const { tenant, operator } = parsePlanSubject(message.subject);
  if (!nameSchema.safeParse(tenant).success || !nameSchema.safeParse(operator).success) {
    throw new HoldpointError('INVALID_REQUEST', 'the subject must be plans.<tenant>.<operator>');
  }
  if (message.data.length > PLAN_MAX_BYTES) {
    throw new HoldpointError('PAYLOAD_TOO_LARGE', `a plan is at most ${PLAN_MAX_BYTES} bytes`);
  }
  const { plan, bodyDigest } = parsePlan(withoutOwnNames(parseJson(message.data), tenant, operator));
  const { traceId, parentSpanId } = traceFrom(message.headers?.get(TRACEPARENT));
  const requester = `operator|${tenant}|${operator}`;
  const bytes = message.data.length;
  return { tenant, operator, plan, bodyDigest, bytes, requester, traceId, parentSpanId };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new HoldpointError('INVALID_REQUEST', 'the plan is not JSON in UTF-8');
  }
}

/** A body may repeat what the subject says; one that says otherwise is a forgery or a mistake. */
function withoutOwnNames(body: unknown, tenant: string, operator: string): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const { tenant: ownTenant = tenant, operator: ownOperator = operator, ...plan } = body as Record<string, unknown>;
  if (ownTenant !== tenant || ownOperator !== operator) {
    throw new HoldpointError('INVALID_REQUEST', 'the body names another tenant or operator than the subject');
  }
  return plan;
}

/** What will never go well: the sender's fault, or ours that came back often enough. Undefined: try again. */
function refusalOf(error: unknown, message: JsMsg): HoldpointError | undefined {
  if (error instanceof HoldpointError && !error.retryable && error.code !== 'INTERNAL') return error;
  if (message.info.deliveryCount < DELIVERIES_MAX || isOutage(error)) return undefined;
  const reason = error instanceof Error ? error.message : String(error);
  return new HoldpointError('INTERNAL', `could not be decided after ${DELIVERIES_MAX} deliveries: ${reason}`);
}

function isOutage(error: unknown): boolean {
  return (error instanceof HoldpointError && error.retryable) || isDependencyLoss(error);
}

async function bury(context: Context, message: JsMsg, refusal: HoldpointError): Promise<void> {
  const { tenant } = parsePlanSubject(message.subject);
  context.logger.warn(
    { subject: message.subject, code: refusal.code, reason: refusal.message },
    'a plan is dead-lettered',
  );
  const { stream } = CONSUMERS.plans;
  await deadLetter(context.nats, message, {
    stream,
    tenant,
    by: stream,
    code: refusal.code,
    reason: refusal.message,
  });
}
