import { createHash } from 'node:crypto';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { bodyPieceSubject, bodySubjects, wholeBodySubject } from '@holdpoint/shared/messages/subjects';
import type { Clock } from '@holdpoint/shared/runtime/clock';
import { publishAll } from '@holdpoint/shared/runtime/nats';
import type { JetStreamClient, JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import { z } from 'zod';

/** Bodies too large for their event, by tenant and digest: a tenant reads its own, and none can tell what another has. */
export interface BodyStore {
  /**
   * Resolves once the body is durable and stays so for longer than an event that is published now; rejects where it may
   * not be. Bytes that are stored already are not sent again.
   */
  put(tenant: string, digest: string, body: Uint8Array): Promise<void>;
  /** The same for what is stored already. False where it is not. */
  keep(tenant: string, digest: string): Promise<boolean>;
  /** The body's bytes in order, or undefined where it is not stored. The last of them come only if all are what the digest says. */
  open(tenant: string, digest: string): Promise<AsyncIterable<Uint8Array> | undefined>;
}

export interface BodyStoreDependencies {
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly clock: Clock;
  /** What one tenant may fill of the store. */
  readonly tenantMaxBytes: number;
}

/**
 * For good: pieces of another size under the same subjects would spoil a body while it is stored again. Every NATS server
 * that takes events of a useful size takes this.
 */
const PIECE_BYTES = 256 * 1024;
/** Of one body at a time: what is on its way to the server is copied for it. */
const PIECES_IN_FLIGHT = 8;
/** An older body is stored again before an event refers to it: what is left of its time must outlast the event's. */
const FRESH_MS = 12 * 3600 * 1000;

const { name: BODIES, max_bytes: BODIES_MAX_BYTES } = STREAMS.BODIES;
const wholeSchema = z.object({ size: z.number().int().positive() });

/**
 * Keeps bodies in a stream of their own. One message a subject and content under its digest: whoever stores the same body at the
 * same time, or stores it again after a crash or a day, replaces pieces by the same pieces, so that readers need no lock and
 * nothing half-written is ever wrong. The size is written last and says that the rest is there.
 */
export function streamBodyStore({ js, jsm, clock, tenantMaxBytes }: BodyStoreDependencies): BodyStore {
  const read = (subject: string): Promise<StoredMsg | null> => jsm.direct.getMessage(BODIES, { last_by_subj: subject });

  const whole = async (tenant: string, digest: string) => {
    const message = await read(wholeBodySubject(tenant, digest));
    if (message === null) return undefined;
    const { size } = wholeSchema.parse(message.json());
    return { size, fresh: clock().getTime() - message.time.getTime() < FRESH_MS };
  };

  const finish = (tenant: string, digest: string, size: number): Promise<void> =>
    publishAll(js, [{ subject: wholeBodySubject(tenant, digest), body: JSON.stringify({ size }) }]);

  async function* pieces(tenant: string, digest: string, size: number): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256');
    const count = Math.ceil(size / PIECE_BYTES);
    for (let index = 0; index < count; index++) {
      const piece = await read(bodyPieceSubject(tenant, digest, index));
      if (piece === null) throw new Error(`piece ${index} of a stored body is missing`);
      hash.update(piece.data);
      if (index === count - 1 && hash.digest('hex') !== digest)
        throw new Error('a stored body is not what its digest says');
      yield piece.data;
    }
  }

  /** A body that would not fit is refused before a part of it takes up what room there is. */
  async function refuseWithoutRoom(tenant: string, size: number): Promise<void> {
    const { state } = await jsm.streams.info(BODIES, { subjects_filter: bodySubjects(tenant) });
    const ofTenant = Object.keys(state.subjects ?? {}).length * PIECE_BYTES;
    if (ofTenant + size > tenantMaxBytes) throw new Error("the tenant's room for large bodies is full");
    if (state.bytes + size > BODIES_MAX_BYTES) throw new Error('the room for large bodies is full');
  }

  return {
    async put(tenant, digest, body) {
      const stored = await whole(tenant, digest);
      if (stored?.fresh) return;
      if (!stored) await refuseWithoutRoom(tenant, body.length);
      const messages = Array.from({ length: Math.ceil(body.length / PIECE_BYTES) }, (_, index) => ({
        subject: bodyPieceSubject(tenant, digest, index),
        body: body.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES),
      }));
      await publishAll(js, messages, PIECES_IN_FLIGHT);
      await finish(tenant, digest, body.length);
    },

    async keep(tenant, digest) {
      const stored = await whole(tenant, digest);
      if (!stored) return false;
      if (stored.fresh) return true;
      let index = 0;
      for await (const piece of pieces(tenant, digest, stored.size)) {
        await publishAll(js, [{ subject: bodyPieceSubject(tenant, digest, index++), body: piece }]);
      }
      await finish(tenant, digest, stored.size);
      return true;
    },

    async open(tenant, digest) {
      const stored = await whole(tenant, digest);
      return stored && pieces(tenant, digest, stored.size);
    },
  };
}
