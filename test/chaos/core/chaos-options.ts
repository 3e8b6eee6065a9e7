import { parseArgs } from 'node:util';

export const CHAOS_USAGE = `npm run chaos -- [--soak] [--minutes N] [--seed S]

  --minutes N   how long faults are injected, 0.1 to 1440 (default: 3); starting and draining come on top
  --seed S      the faults, the traffic and the far end's moods follow from it (default: another one each time)
  --soak        fewer faults, and it is watched for so long (default: 30) whether anything grows: memory, descriptors,
                tables, streams, keys`;

const MINUTES_DEFAULT = 3;
const SOAK_MINUTES_DEFAULT = 30;
const MINUTES_MAX = 1_440;
const SEED_MAX = 2 ** 32 - 1;

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly soak: boolean;
}

/** A command line that cannot be understood; the message is one line. */
export class ChaosUsageError extends Error {
  override readonly name = 'ChaosUsageError';
}

/** @throws {ChaosUsageError}; `help` where that is all that is asked */
export function readChaosOptions(args: readonly string[], seedUnlessTold: number): ChaosOptions | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  const soak = values.soak ?? false;
  const minutes = Number(values.minutes ?? (soak ? SOAK_MINUTES_DEFAULT : MINUTES_DEFAULT));
  if (!(minutes >= 0.1 && minutes <= MINUTES_MAX)) {
    throw new ChaosUsageError(`--minutes must be a number from 0.1 to ${MINUTES_MAX}`);
  }
  const seed = Number(values.seed ?? seedUnlessTold);
  if (!Number.isInteger(seed) || seed < 0 || seed > SEED_MAX) {
    throw new ChaosUsageError(`--seed must be a whole number from 0 to ${SEED_MAX}`);
  }
  return { minutes, seed, soak };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        soak: { type: 'boolean' },
        minutes: { type: 'string' },
        seed: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new ChaosUsageError((error as Error).message.split('\n')[0] ?? 'not understood');
  }
}
