import { expect, it } from 'vitest';
import { playProvider } from '../../testing/play-provider.ts';
import type { BatchItem } from '../provider.ts';

const { delivery, provider } = playProvider('xero');

it('a time without a zone is UTC, wherever the service runs', () => {
  const zone = process.env.TZ;
  process.env.TZ = 'Pacific/Auckland';
  try {
    for (const [written, read] of [
      ['2017-06-21T01:15:39.902', '2017-06-21T01:15:39.902Z'],
      ['2017-06-21T01:15:39Z', '2017-06-21T01:15:39.000Z'],
      ['2017-06-21T01:15:39+02:00', '2017-06-20T23:15:39.000Z'],
      ['soon', undefined],
    ]) {
      const body = JSON.stringify({ events: [{ eventDateUtc: written }] });
      const [item] = provider.items?.(delivery({ body })) ?? [];
      expect((item as BatchItem).description.time, written).toBe(read);
    }
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
});

it('only a delivery without events is a question whether anybody checks signatures', () => {
  const asked = (body: string) => provider.handshake?.(delivery({ body }))?.status;
  expect(asked('{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}')).toBe(200);
  expect(asked('{"events":null,"entropy":"FMLHZNKCVK"}')).toBe(200);
  expect(asked('{"events":[{}],"entropy":"x"}')).toBeUndefined();
  expect(asked('{"events":[]}')).toBeUndefined();
  expect(asked('{"entropy":"x"}')).toBeUndefined();
});
