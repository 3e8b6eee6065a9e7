import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Seeded, seedAction } from './fixtures.ts';
import { executorHarness, type Harness, settles } from './harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await executorHarness();
  // Two instances, and little at once, so that lanes pass from hand to hand.
  await Promise.all([
    harness.start({}, { quantumEffects: 3, lanesMax: 4 }),
    harness.start({}, { quantumEffects: 2, lanesMax: 4 }),
  ]);
});
afterAll(() => harness.stop());

const ROUNDS = 12;
const ENTITIES = 6;
const EFFECTS = 8;

test('one entity at a time, in order, over two connectors and two instances, with any timing', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const entities = Array.from({ length: ENTITIES }, (_, index) => `round-${round}-entity-${index}`);
    const seeded = new Map<string, Seeded[]>(entities.map((entity) => [entity, []]));
    for (let index = 0; index < EFFECTS; index += 1) {
      await Promise.all(
        entities.map(async (entity) => {
          const connector = Math.random() < 0.5 ? 'alpha' : 'beta';
          const flaky = Math.random() < 0.15;
          const action = await seedAction(harness.db, {
            entity,
            connector,
            tool: 'safe',
            args: { ms: Math.floor(Math.random() * 8), ...(flaky && { untilAttempt: 2, throws: 'Retryable' }) },
          });
          seeded.get(entity)?.push(action);
          // Doorbells come late, twice, or not at all.
          const rings = Math.floor(Math.random() * 3);
          for (let ring = 0; ring < rings; ring += 1) await harness.decide([action], connector);
        }),
      );
    }
    await settles(harness.db);
    for (const [entity, actions] of seeded) expectInOrder(harness, entity, actions);
  }
  expect(harness.observed.filter(({ what }) => what === 'end')).toHaveLength(ROUNDS * ENTITIES * EFFECTS);
}, 120_000);

function expectInOrder({ observed }: Harness, entity: string, actions: readonly Seeded[]): void {
  const seen = observed.filter((one) => one.entity === entity);
  const ends = seen.filter(({ what }) => what === 'end').map(({ action }) => action);
  expect(ends, entity).toEqual(actions.map(({ id }) => id));
  // An attempt that failed says no end: its next start is the same action's.
  let current: string | undefined;
  for (const { what, action } of seen) {
    if (what === 'start') expect([undefined, action], entity).toContain(current);
    current = what === 'start' ? action : undefined;
  }
}
