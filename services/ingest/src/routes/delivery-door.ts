import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IngestContext } from '../context.ts';
import type { BodyPlace } from '../protection/body-room.ts';
import type { Source } from '../source-registry.ts';
import { readRawBody } from './raw-body.ts';
import { failureOf, recordOutcome } from './record-outcome.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The source a delivery is for, once its route has found it. */
    deliverySource: Source | undefined;
    bodyPlace: BodyPlace | undefined;
  }
}

/** An unread body up to here is thrown away, so that the sender's connection lives; a longer one closes it. */
const UNREAD_MAX_BYTES = 64 * 1024;

/**
 * Everything that can be asked of a request before its body is read and a signature computed: whether it leads anywhere, who
 * sends it, and how often.
 */
export async function enterDelivery(
  context: IngestContext,
  source: Source | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { admission, bodyRoom, quotas } = context;
  try {
    if (!source) {
      admission.admitUnknown(request.ip);
      throw new HoldpointError('UNKNOWN_SOURCE', 'no such source');
    }
    await admission.admit(source, request.ip);
    if (request.method === 'POST') quotas.check(source.tenant);
  } catch (error) {
    if (!source) context.metrics.unknownSource();
    else recordOutcome(context, { source, request, result: failureOf(error) });
    if (!isShort(request)) reply.header('connection', 'close');
    throw error;
  }
  const place = bodyRoom.enter(source.tenant);
  reply.raw.once('close', () => place.leave());
  request.deliverySource = source;
  request.bodyPlace = place;
  // Fastify refuses a malformed content type; to us it is a stranger's word about bytes.
  delete request.raw.headers['content-type'];
}

/** The body of a request that has entered. */
export async function readDelivery(context: IngestContext, request: FastifyRequest): Promise<Buffer> {
  const { deliverySource: source, bodyPlace: place } = request;
  if (!source || !place) return Buffer.alloc(0);
  try {
    return await readRawBody(request.raw, source.bodyMaxBytes, place);
  } catch (error) {
    recordOutcome(context, { source, request, result: failureOf(error) });
    throw error;
  }
}

function isShort({ headers }: FastifyRequest): boolean {
  if (headers['transfer-encoding'] !== undefined) return false;
  return Number(headers['content-length'] ?? 0) <= UNREAD_MAX_BYTES;
}
