import { sha256 } from '@holdpoint/shared/domain/digest';
import { encodeType } from '@holdpoint/shared/domain/event';
import type { EventId } from '@holdpoint/shared/domain/ids';
import { eventSubject } from '@holdpoint/shared/messages/subjects';
import { describe, expect, it } from 'vitest';
import type { Description } from '../providers/provider.ts';
import { ANNOTATIONS_MAX_BYTES } from './before-answer.ts';
import { draftEvent, draftReplay, HEADERS_MAX_BYTES, type NamingSource } from './event-draft.ts';

const source: NamingSource = { tenant: 'acme', id: 'payments', dedupe: undefined, subscription: undefined };
const signedId: Description = {
  deliveryId: 'evt_1',
  idSigned: true,
  type: 'charge.succeeded',
  typeSigned: true,
  time: '2026-11-02T10:00:00.000Z',
  subject: 'ch_1',
  keyFrom: 'id',
};
const unsignedId: Description = { ...signedId, idSigned: false, typeSigned: false, keyFrom: 'type+body' };
const body = Buffer.from('{"id":"evt_1"}');
const arrival = { rawBody: body, contentType: 'application/json', traceParent: undefined, now: 1_790_000_000_000 };
const idOf = (described: Description, over: { source?: Partial<NamingSource>; body?: string } = {}) =>
  draftEvent({ ...source, ...over.source }, 'body', described, {
    ...arrival,
    rawBody: over.body === undefined ? body : Buffer.from(over.body),
  }).id;

describe('an event draft', () => {
  it('carries the attributes that semantics §2 lists, and the bytes untouched', () => {
    const draft = draftEvent(source, 'time-body', signedId, arrival);
    expect(draft.body).toBe(body);
    expect(draft.headers).toEqual({
      'ce-specversion': '1.0',
      'ce-id': draft.id,
      'ce-source': 'payments',
      'ce-type': 'charge.succeeded',
      'ce-time': '2026-11-02T10:00:00.000Z',
      'ce-subject': 'ch_1',
      'ce-tenantid': 'acme',
      'ce-deliveryid': 'evt_1',
      'ce-rootid': draft.id,
      'ce-signed': 'time-body',
      'ce-typesigned': 'true',
      'ce-digest': sha256(body),
      'content-type': 'application/json',
    });
  });

  it('is dated by its arrival where the provider gives no time', () => {
    const draft = draftEvent(source, 'body', { ...signedId, time: undefined }, arrival);
    expect(draft.headers['ce-time']).toBe('2026-09-21T14:13:20.000Z');
  });

  it('is named by a signed delivery id alone, whatever else changes', () => {
    expect(idOf(signedId, { body: 'other' })).toBe(idOf(signedId));
    expect(idOf({ ...signedId, deliveryId: 'evt_2' })).not.toBe(idOf(signedId));
  });

  it('is named by what stands for the body where the same event may come in other bytes, and digests the bytes that came', () => {
    const attempt = (n: number) => ({
      ...unsignedId,
      keyBody: Buffer.from('{"id":"evt_1"}'),
      body: `{"id":"evt_1","attempt":${n}}`,
    });
    expect(idOf(attempt(1), { body: attempt(1).body })).toBe(idOf(attempt(2), { body: attempt(2).body }));
    expect(idOf({ ...attempt(1), keyBody: Buffer.from('{}') })).not.toBe(idOf(attempt(1)));
    const { bodyDigest } = draftEvent(source, 'body', attempt(1), {
      ...arrival,
      rawBody: Buffer.from(attempt(1).body),
    });
    expect(bodyDigest).toBe(sha256(attempt(1).body));
  });

  it('is named by type and body where the id is not signed: a captured body under a new id is the same event', () => {
    expect(idOf({ ...unsignedId, deliveryId: 'evt_2' })).toBe(idOf(unsignedId));
    expect(idOf(unsignedId, { body: 'other' })).not.toBe(idOf(unsignedId));
    expect(idOf({ ...unsignedId, type: 'charge.failed' })).not.toBe(idOf(unsignedId));
  });

  it('is named as the source asks where it asks', () => {
    const byId = { source: { dedupe: 'id' as const } };
    const byBoth = { source: { dedupe: 'id+body' as const } };
    const other = { ...unsignedId, deliveryId: 'evt_2' };
    expect(idOf(unsignedId, { ...byId, body: 'other' })).toBe(idOf(unsignedId, byId));
    expect(idOf(other, byId)).not.toBe(idOf(unsignedId, byId));
    expect(idOf(other, byBoth)).not.toBe(idOf(unsignedId, byBoth));
    expect(idOf(unsignedId, { ...byBoth, body: 'other' })).not.toBe(idOf(unsignedId, byBoth));
  });

  it('with absurd or hostile values stays printable, bounded and of one subject', () => {
    const hostile = `${'\u{1f6a2}\r\nce-tenantid: other '.repeat(5000)}`;
    const described = { ...signedId, deliveryId: hostile, type: hostile, subject: hostile };
    const draft = draftEvent(source, 'body', described, { ...arrival, contentType: `text/plain\u0000${hostile}` });
    const block = Object.entries(draft.headers).map(([name, value]) => `${name}: ${value}`);
    for (const line of block) expect(line).toMatch(/^[\x20-\x7e]+$/);
    expect(block.join('\r\n').length + ANNOTATIONS_MAX_BYTES).toBeLessThan(HEADERS_MAX_BYTES);
    expect(draft.headers['content-type']).toBe('application/octet-stream');
    expect(eventSubject('acme', draft.id).split('.')).toHaveLength(5);
    expect(eventSubject('acme', draft.id).length).toBeLessThan(300);
  });

  it('with ids that differ only beyond what fits a header is still two events', () => {
    const long = 'x'.repeat(1000);
    expect(idOf({ ...signedId, deliveryId: `${long}1` })).not.toBe(idOf({ ...signedId, deliveryId: `${long}2` }));
  });
});

describe('a replay', () => {
  const original = `payments.${encodeType('charge.succeeded')}.k1` as EventId;
  const replay = { originalId: original, rootId: 'root', fresh: false, nonce: 'n1', actor: 'app:a' };

  it('has a new id under the same source and type, and the root of the first original', () => {
    const { id, headers } = draftReplay(replay);
    expect(id).toMatch(/^payments\.charge=2Esucceeded\.[0-9a-f]{40}$/);
    expect(id).not.toBe(original);
    expect(headers).toEqual({ 'ce-id': id, 'ce-rootid': 'root', 'ce-replayof': original, 'ce-replayedby': 'app:a' });
    expect(draftReplay({ ...replay, nonce: 'n2' }).id).not.toBe(id);
  });

  it('is its own root when it is fresh', () => {
    const { id, headers } = draftReplay({ ...replay, fresh: true });
    expect(headers['ce-rootid']).toBe(id);
  });
});
