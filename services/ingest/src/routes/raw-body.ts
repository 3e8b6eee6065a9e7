import type { IncomingMessage } from 'node:http';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { BodyPlace } from '../protection/body-room.ts';

/**
 * How much beyond the limit is read and thrown away before answering: a sender that is still writing when its connection
 * closes would see a reset, not our answer.
 */
const DISCARD_MAX_BYTES = 4 * 1024 * 1024;

/** By then the slowest of those that fill the room are cut off. */
const RETRY_AFTER_SECONDS = 30;

/**
 * The body's bytes as they came, whatever their type. The limit counts what arrives, not what `Content-Length` promises, so
 * a chunked body is held to it too; over it the body is refused, never cut. `place` is asked for room as it arrives.
 */
export function readRawBody(request: IncomingMessage, maxBytes: number, place: BodyPlace): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = () => request.off('data', onData).off('end', onEnd).off('close', onClose);
    const refuse = (error: HoldpointError) => {
      settle();
      reject(error);
    };
    const tooLarge = () =>
      new HoldpointError('PAYLOAD_TOO_LARGE', `the body is larger than ${maxBytes} bytes`, { max_bytes: maxBytes });
    const noRoom = () =>
      new HoldpointError('DEPENDENCY_UNAVAILABLE', 'too many bodies are being read', {
        retry_after_seconds: RETRY_AFTER_SECONDS,
      });
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) chunks.length = 0;
      else if (place.grow(chunk.length)) chunks.push(chunk);
      else return refuse(noRoom());
      if (size > maxBytes + DISCARD_MAX_BYTES) refuse(tooLarge());
    };
    const onEnd = () => {
      if (size > maxBytes) return refuse(tooLarge());
      settle();
      // Most come in one piece, which need not be copied.
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size));
    };
    const onClose = () => refuse(new HoldpointError('INVALID_REQUEST', 'the connection closed before the body ended'));

    if (Number(request.headers['content-length']) > maxBytes + DISCARD_MAX_BYTES) return refuse(tooLarge());
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}
