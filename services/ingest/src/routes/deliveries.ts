import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { IngestContext } from '../context.ts';
import type { DeliveryResult } from '../metrics.ts';
import type { Delivery, Refused, Reply } from '../providers/provider.ts';
import { DeliveryRefused, type Receipt, type Received, receiveDelivery } from '../receive-delivery.ts';
import type { Source } from '../source-registry.ts';
import { enterDelivery, readDelivery } from './delivery-door.ts';
import { failureOf, recordOutcome } from './record-outcome.ts';

const eventAnswerSchema = z.object({ status: z.enum(['accepted', 'duplicate']), event_id: z.string() });
const filteredSchema = z.object({ status: z.literal('filtered') });
const refusedItemSchema = z.object({ status: z.enum(['rejected', 'dead']), reason: z.string() });
const answerSchema = z.union([
  eventAnswerSchema,
  filteredSchema,
  z.object({ items: z.array(z.union([eventAnswerSchema, filteredSchema, refusedItemSchema])) }),
]);

export interface DeliveryRoute<Params> {
  readonly url: string;
  readonly summary: string;
  find(params: Params): Source | undefined;
}

/** A scope for webhook routes: bodies are bytes, whatever the sender calls them. */
export function deliveryScope(app: FastifyInstance, context: IngestContext): void {
  app.decorateRequest('deliverySource', undefined);
  app.decorateRequest('bodyPlace', undefined);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (request: FastifyRequest) => readDelivery(context, request));
}

/** A webhook endpoint in a delivery scope. Its answer is what the provider decides by whether to send again. */
export function deliveryRoute<Params>(
  app: FastifyInstance,
  context: IngestContext,
  route: DeliveryRoute<Params>,
): void {
  const { url, summary } = route;
  const onRequest = (request: FastifyRequest, reply: FastifyReply) =>
    enterDelivery(context, route.find(request.params as Params), request, reply);

  app.post(
    url,
    {
      schema: { tags: ['webhooks'], summary, security: [], response: { 200: answerSchema, 202: answerSchema } },
      onRequest,
    },
    async (request, reply) => {
      const source = request.deliverySource as Source;
      const delivery = deliveryOf(source, request);
      try {
        return answer(reply, source, delivery, await receive(context, source, delivery, request));
      } catch (error) {
        if (error instanceof DeliveryRefused && source.scheme.refusal) return sendReply(reply, source.scheme.refusal);
        throw error;
      }
    },
  );

  // Some senders look whether anybody is there before they deliver.
  app.head(url, { schema: { hide: true }, onRequest }, async (request, reply) => {
    context.admission.refused(request.deliverySource as Source, request.ip);
    return reply.code(200).send();
  });

  app.get(
    url,
    {
      schema: { tags: ['webhooks'], summary: `${summary}: a challenge`, security: [] },
      onRequest,
      exposeHeadRoute: false,
    },
    async (request, reply) => {
      const source = request.deliverySource as Source;
      const { scheme, secrets } = source;
      const query = new URLSearchParams(rawQuery(request));
      const answered = scheme.challenge?.({ query, headers: request.raw.headersDistinct, secrets });
      if (!answered) {
        context.admission.refused(source, request.ip);
        throw new HoldpointError('NOT_FOUND', 'this source is delivered to by POST');
      }
      return sendReply(reply, answered);
    },
  );
}

function answer(reply: FastifyReply, source: Source, delivery: Delivery, receipt: Receipt) {
  if (receipt.kind === 'handshake') return sendReply(reply, receipt.reply);
  const events = receipt.kind === 'batch' ? receipt.items : [receipt.received];
  const particular = source.response ?? source.scheme.reply?.(delivery);
  if (particular) {
    const id = events.length === 1 && events[0] && 'event_id' in events[0] ? events[0].event_id : undefined;
    if (id !== undefined) reply.header('x-holdpoint-event-id', id);
    return sendReply(reply, particular);
  }
  const isNew = events.length === 0 || events.some(({ status }) => status === 'accepted' || status === 'dead');
  return reply
    .code(isNew ? (source.scheme.acceptedStatus ?? 202) : 200)
    .send(receipt.kind === 'batch' ? { items: receipt.items } : receipt.received);
}

/** As the provider wants it. It is no page of ours, whatever it holds. */
function sendReply(reply: FastifyReply, { status, contentType, body }: Reply) {
  reply.code(status).header('x-content-type-options', 'nosniff').type(contentType);
  // Past the serializers: they are for answers of our own.
  return reply.serializer((payload: unknown) => payload as string).send(body);
}

async function receive(
  context: IngestContext,
  source: Source,
  delivery: Delivery,
  request: FastifyRequest,
): Promise<Receipt> {
  const startedAtMs = performance.now();
  const ended = { source, request, startedAtMs };
  try {
    const receipt = await receiveDelivery(context, source, delivery, request.trace);
    told(context, { ...ended, ...resultOf(receipt) });
    return receipt;
  } catch (error) {
    const refused = error instanceof DeliveryRefused ? error.refused : undefined;
    told(context, { ...ended, result: failureOf(error), refused });
    throw error;
  }
}

/**
 * A host and nothing more. Schemes that sign URL and body side by side would take a signed body's beginning for a URL that
 * a sender writes into the header; without a URL their signatures do not verify.
 */
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;

function deliveryOf(source: Source, request: FastifyRequest): Delivery {
  const { method, protocol, host, originalUrl, raw } = request;
  const path = originalUrl.split('?', 1)[0] ?? '';
  return {
    rawBody: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    headers: raw.headersDistinct,
    method,
    url: source.publicUrl ?? (HOST.test(host) ? `${protocol}://${host}${path}` : ''),
    query: rawQuery(request),
  };
}

function rawQuery({ originalUrl }: FastifyRequest): string {
  const at = originalUrl.indexOf('?');
  return at < 0 ? '' : originalUrl.slice(at + 1);
}

function resultOf(receipt: Receipt): { result: DeliveryResult; eventId?: string } {
  if (receipt.kind === 'handshake') return { result: 'handshake' };
  if (receipt.kind === 'event') return about(receipt.received);
  if (receipt.items.length === 0) return { result: 'accepted' };
  const found = (status: Received['status']) => receipt.items.some((item) => item.status === status);
  return { result: WORST_FIRST.find(found) ?? 'filtered' };
}

/** What a batch counts as: what somebody should look at, else what is new. */
const WORST_FIRST = ['dead', 'rejected', 'accepted', 'duplicate', 'filtered'] as const satisfies Received['status'][];

const about = (received: Received): { result: DeliveryResult; eventId?: string } => ({
  result: received.status,
  ...('event_id' in received && { eventId: received.event_id }),
});

/** How a delivery ended, counted and traced. */
function told(
  context: IngestContext,
  end: {
    readonly source: Source;
    readonly request: FastifyRequest;
    readonly startedAtMs: number;
    readonly result: DeliveryResult;
    readonly eventId?: string;
    readonly refused?: Refused | undefined;
  },
): void {
  const { source, request, startedAtMs, result, eventId, refused } = end;
  recordOutcome(context, { source, request, result, eventId, refused });
  context.tracing.record(() => ({
    name: 'webhook',
    kind: 'server',
    trace: request.trace,
    startedAtMs,
    failed: result === 'unavailable',
    attributes: {
      'holdpoint.tenant': source.tenant,
      'holdpoint.source': source.id,
      'holdpoint.provider': source.provider,
      'holdpoint.result': result,
      ...(eventId !== undefined && { 'holdpoint.event_id': eventId }),
    },
  }));
}
