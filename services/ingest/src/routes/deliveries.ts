import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { IngestContext } from '../context.ts';
import { type Received, receiveDelivery } from '../receive-delivery.ts';
import type { Source } from '../source-registry.ts';
import { readRawBody } from './raw-body.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The source a delivery is for, once its route has found it. */
    deliverySource: Source | undefined;
  }
}

const receivedSchema = z.object({ status: z.enum(['accepted', 'duplicate']), event_id: z.string() });

export interface DeliveryRoute<Params> {
  readonly url: string;
  readonly summary: string;
  find(params: Params): Source | undefined;
}

/** A scope for webhook routes: bodies are bytes, whatever the sender calls them. */
export function deliveryScope(app: FastifyInstance, context: IngestContext): void {
  app.decorateRequest('deliverySource', undefined);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', async (request: FastifyRequest) => {
    const source = request.deliverySource;
    if (!source) return Buffer.alloc(0);
    try {
      return await readRawBody(request.raw, Math.min(source.bodyMaxBytes, context.storeMaxBytes()));
    } catch (error) {
      if (error instanceof HoldpointError && error.code === 'PAYLOAD_TOO_LARGE') {
        context.metrics.delivery(source, 'too_large');
      }
      throw error;
    }
  });
}

/** A webhook endpoint in a delivery scope. Its answer is what the provider decides by whether to send again. */
export function deliveryRoute<Params>(
  app: FastifyInstance,
  context: IngestContext,
  route: DeliveryRoute<Params>,
): void {
  const { url, summary } = route;
  app.post(
    url,
    {
      schema: { tags: ['webhooks'], summary, security: [], response: { 200: receivedSchema, 202: receivedSchema } },
      onRequest: async (request, reply) => {
        const source = route.find(request.params as Params);
        if (!source) {
          context.metrics.unknownSource();
          // Its body is not read.
          reply.header('connection', 'close');
          throw new HoldpointError('UNKNOWN_SOURCE', 'no such source');
        }
        request.deliverySource = source;
        // Fastify refuses a malformed content type; to us it is a stranger's word about bytes.
        delete request.raw.headers['content-type'];
      },
    },
    async (request, reply) => {
      const source = request.deliverySource as Source;
      const received = await receive(context, source, request);
      return reply.code(received.status === 'accepted' ? 202 : 200).send(received);
    },
  );
}

async function receive(context: IngestContext, source: Source, request: FastifyRequest) {
  const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const { headersDistinct: headers } = request.raw;
  const delivery = { rawBody, headers, method: request.method, url: source.publicUrl ?? request.url };
  const startedAtMs = performance.now();
  try {
    const received = await receiveDelivery(context, source, delivery, request.trace);
    told(context, { source, request, startedAtMs, result: received.status, eventId: received.event_id });
    return received;
  } catch (error) {
    const code = error instanceof HoldpointError ? error.code : undefined;
    const result = code === 'WEBHOOK_SIGNATURE_INVALID' ? 'refused' : 'unavailable';
    told(context, { source, request, startedAtMs, result });
    throw error;
  }
}

/** How a delivery ended, counted and traced. */
function told(
  { metrics, tracing }: IngestContext,
  end: {
    readonly source: Source;
    readonly request: FastifyRequest;
    readonly startedAtMs: number;
    readonly result: Received['status'] | 'refused' | 'unavailable';
    readonly eventId?: string;
  },
): void {
  const { source, request, startedAtMs, result, eventId } = end;
  metrics.delivery(source, result);
  tracing.record(() => ({
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
