import { HoldpointError } from '@holdpoint/shared/domain/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readEvents, type ServerSentEvent } from './server-sent-events.ts';

async function read(pieces: Iterable<Uint8Array>): Promise<ServerSentEvent[]> {
  async function* body() {
    yield* pieces;
  }
  return Array.fromAsync(readEvents(body()));
}

test('events are the same however their bytes are cut', async () => {
  const line = fc.oneof(
    fc.string({ unit: 'grapheme' }).map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
    fc.constantFrom('', '', 'event: approval.voted', ': beat', 'data', 'data:', 'id: 7', 'nonsense', '__proto__: x'),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 20 }),
      fc.constantFrom('\n', '\r\n'),
      fc.array(fc.nat(600), { maxLength: 6 }),
      async (lines, end, cuts) => {
        const bytes = Buffer.from(lines.map((one) => one + end).join(''));
        const ends = [...cuts.filter((at) => at < bytes.length).toSorted((a, b) => a - b), bytes.length];
        const pieces = ends.map((to, index) => bytes.subarray(ends[index - 1] ?? 0, to));
        expect(await read(pieces)).toEqual(await read([bytes]));
      },
    ),
    { numRuns: 300 },
  );
});

test('an event that does not end is given up, in one line or in many', async () => {
  function* endless(piece: string) {
    const bytes = Buffer.from(piece);
    for (let sent = 0; sent < 32 * 1024 * 1024; sent += bytes.length) yield bytes;
  }
  for (const piece of ['x'.repeat(16_384), 'data: x\n'.repeat(2_048)]) {
    await expect(read(endless(piece))).rejects.toThrow(HoldpointError);
  }
});
