import { expect, test } from 'vitest';
import { assertAgreement } from './agreement.ts';
import { CONTENDERS } from './benchmark.ts';
import { bandedWorld, spreadWorld } from './world.ts';

test.each([spreadWorld(10), spreadWorld(100), bandedWorld(10), bandedWorld(100)])(
  'all contenders decide alike: $name',
  async (world) => {
    const ready = await Promise.all(CONTENDERS.map(async ({ name, ready }) => ({ name, decide: await ready(world) })));
    await assertAgreement(world, ready);
  },
);

test('a contender that decides otherwise is found out', async () => {
  const world = spreadWorld(10);
  const [ours] = await Promise.all(
    CONTENDERS.slice(0, 1).map(async ({ name, ready }) => ({ name, decide: await ready(world) })),
  );
  const other = { name: 'another', decide: () => 'BLOCK' as const };
  await expect(
    assertAgreement(
      world,
      [ours, other].flatMap((one) => one ?? []),
    ),
  ).rejects.toThrow('another says BLOCK');
});
