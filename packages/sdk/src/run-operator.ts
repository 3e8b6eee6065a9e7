import type { ExecutionPlan } from '@holdpoint/shared/domain/plan';
import { DELIVERIES_MAX, operatorConsumer } from '@holdpoint/shared/messages/consumers';
import { EVENT_HEADERS, readEventMessage } from '@holdpoint/shared/messages/event-message';
import { planSubject } from '@holdpoint/shared/messages/subjects';
import { createLogger, type Logger } from '@holdpoint/shared/runtime/logger';
import { connectNats, consumeBatches, ensureConsumer, type Nats, publishAll } from '@holdpoint/shared/runtime/nats';
import type { JsMsg } from '@nats-io/jetstream';
import { type OperatorDefinition, type OperatorEvent, subscribedSubjects, toPlan } from './operator.ts';

export interface RunOperatorOptions {
  readonly operator: OperatorDefinition;
  /** Whose events it reads, where its definition names no tenant. */
  readonly tenant?: string | undefined;
  readonly nats: Nats;
  readonly logger: Logger;
  /** False where its durable was made beforehand and it may not make one itself. */
  readonly createConsumer?: boolean | undefined;
  /** How long `plan` may take over one event; below the consumer's `ack_wait`. */
  readonly planMaxMs?: number | undefined;
}

export interface RunningOperator {
  readonly name: string;
  readonly tenant: string;
  /** Finishes the events in hand, then resolves. */
  stop(): Promise<void>;
}

const PLAN_MAX_MS = 20_000;
const EVENTS_AT_ONCE = 32;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 30_000;

/**
 * Reads the operator's events durably and publishes its plans. An event is acknowledged when its plan is stored, so that a
 * crash in between brings the event again, and with it the same plan under the same id.
 */
export function runOperator(options: RunOperatorOptions): RunningOperator {
  const { operator, nats } = options;
  const tenant = tenantOf(options);
  const logger = options.logger.child({ operator: operator.name, tenant });
  const consumer = operatorConsumer(tenant, operator.name, subscribedSubjects(tenant, operator.events));
  const context = { options, tenant, logger };
  const batches = consumeBatches({
    js: nats.js,
    stream: consumer.stream,
    durable: consumer.config.durable_name,
    logger,
    maxMessages: EVENTS_AT_ONCE,
    handle: (messages) => Promise.all(messages.map((message) => takeEvent(context, message))),
    ...(options.createConsumer !== false && { ensure: () => ensureConsumer(nats.jsm, consumer) }),
  });
  return { name: operator.name, tenant, stop: () => batches.stop() };
}

/** Connects, and runs one operator: all that a process of its own needs. */
export async function startOperator(
  options: Omit<RunOperatorOptions, 'nats' | 'logger'> & {
    natsUrl: string;
    natsCreds?: string;
    natsDomain?: string;
    logger?: Logger;
  },
): Promise<RunningOperator> {
  const { natsUrl, natsCreds, natsDomain, ...rest } = options;
  const name = `operator ${rest.operator.name}`;
  const logger = rest.logger ?? createLogger({ service: 'operator', level: 'info', instance: rest.operator.name });
  tenantOf(rest);
  const nats = await connectNats({
    url: natsUrl,
    name,
    logger,
    ...(natsCreds !== undefined && { creds: natsCreds }),
    ...(natsDomain !== undefined && { jetstreamDomain: natsDomain }),
  });
  const running = runOperator({ ...rest, nats, logger });
  return { ...running, stop: () => running.stop().finally(() => nats.close()) };
}

function tenantOf({ operator, tenant }: Pick<RunOperatorOptions, 'operator' | 'tenant'>): string {
  const own = operator.tenant ?? tenant;
  if (own === undefined) throw new Error(`operator ${operator.name} names no tenant and was started with none`);
  return own;
}

interface Context {
  readonly options: RunOperatorOptions;
  readonly tenant: string;
  readonly logger: Logger;
}

async function takeEvent(context: Context, message: JsMsg): Promise<void> {
  const { operator, nats } = context.options;
  let plan: ExecutionPlan | null;
  try {
    plan = await propose(context, message);
  } catch (error) {
    return refuse(context, message, error);
  }
  if (plan !== null) {
    try {
      await publishPlan(nats, planSubject(context.tenant, operator.name), plan, message);
    } catch (error) {
      // Not the event's fault, so never the last try: the plan goes out when the stream takes it again.
      context.logger.warn({ err: error, event_id: plan.event_id }, 'the plan could not be published, trying again');
      return message.nak(retryMs(message));
    }
  }
  message.ack();
}

async function propose({ options, tenant }: Context, message: JsMsg): Promise<ExecutionPlan | null> {
  const { operator, planMaxMs = PLAN_MAX_MS } = options;
  const event = readEventMessage(message, Number.POSITIVE_INFINITY);
  const proposal = await within(planMaxMs, (signal) =>
    operator.plan(event as OperatorEvent<never>, { tenant, operator: operator.name, signal }),
  );
  return proposal && toPlan(operator.name, event, proposal);
}

/** The operator is the user's code: it may ignore its signal, and is not waited for then. */
async function within<T>(maxMs: number, run: (signal: AbortSignal) => Promise<T> | T): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`no plan within ${maxMs} ms`);
      reject(error);
      controller.abort(error);
    }, maxMs);
  });
  try {
    return await Promise.race([(async () => run(controller.signal))(), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function publishPlan(nats: Nats, subject: string, plan: ExecutionPlan, message: JsMsg): Promise<void> {
  const trace = message.headers?.get(EVENT_HEADERS.traceParent);
  const headers = trace ? { [EVENT_HEADERS.traceParent]: trace } : {};
  await publishAll(nats.js, [{ subject, headers, body: JSON.stringify(plan) }]);
}

/** The operator failed over this event. It may be a passing fault, but not for ever: the event stays in its stream. */
function refuse({ logger }: Context, message: JsMsg, error: unknown): void {
  const deliveries = message.info.deliveryCount;
  const fields = { err: error, subject: message.subject, deliveries };
  if (deliveries < DELIVERIES_MAX) {
    logger.warn(fields, 'the operator failed over an event, which comes again');
    message.nak(retryMs(message));
    return;
  }
  logger.error(fields, 'the operator failed over an event for the last time; replay it when the operator is mended');
  message.term('the operator failed over it');
}

const retryMs = (message: JsMsg): number => Math.min(RETRY_MIN_MS * 2 ** message.info.deliveryCount, RETRY_MAX_MS);
