import type { Decision } from './contender.ts';
import type { World } from './world.ts';

const SAMPLE_MAX = 40;
/** For all others together, once each question of the beginning has been asked of them: some take seconds for one. */
const SAMPLE_FOR_MS = 5_000;
const SAMPLE_MIN = 4;

/**
 * Asks all contenders the same. What is asked is in no order, so its beginning is from all over.
 * @throws Error where one decides otherwise than the first
 */
export async function assertAgreement(
  { name, asked }: World,
  contenders: readonly { readonly name: string; readonly decide: (index: number) => Decision | Promise<Decision> }[],
): Promise<void> {
  const [first, ...others] = contenders;
  const seen = new Set<Decision>();
  const startedAt = performance.now();
  for (let index = 0; index < Math.min(SAMPLE_MAX, asked.length); index += 1) {
    if (index >= SAMPLE_MIN && performance.now() - startedAt > SAMPLE_FOR_MS) break;
    const due = (await first?.decide(index)) ?? 'BLOCK';
    seen.add(due);
    for (const other of others) {
      const decision = await other.decide(index);
      if (decision === due) continue;
      throw new Error(`${name}: ${other.name} says ${decision}, not ${due}, of ${JSON.stringify(asked[index])}`);
    }
  }
  if (seen.size !== 2 || seen.has('BLOCK')) throw new Error(`${name}: only ${[...seen].join(', ')} came up`);
}
