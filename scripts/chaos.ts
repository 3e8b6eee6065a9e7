import { randomInt } from 'node:crypto';
import { StackError } from '@holdpoint/stack/stack';
import { runCampaign } from '../test/chaos/campaign.ts';
import { longCampaign, soakCampaign } from '../test/chaos/core/campaign-profile.ts';
import { CHAOS_USAGE, ChaosUsageError, readChaosOptions } from '../test/chaos/core/chaos-options.ts';
import { reportOn } from '../test/chaos/core/report.ts';
import { isWell, reportOnVitals } from '../test/chaos/core/vitals-report.ts';

const EXIT_VIOLATED = 1;
const EXIT_USAGE = 2;
/** As a shell says of what Ctrl-C ended: there is no verdict, so it must not look like a good one. */
const EXIT_INTERRUPTED = 130;

const ending = new AbortController();
// They stay for good: a repeated Ctrl-C must not end the process in the middle of stopping what it started.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ending.abort());

process.exitCode = await main();
// A connection that some client keeps must not keep the campaign.
process.exit();

async function main(): Promise<number> {
  try {
    const options = readChaosOptions(process.argv.slice(2), randomInt(2 ** 32));
    if (options === 'help') {
      console.log(CHAOS_USAGE);
      return 0;
    }
    const { seed, minutes, soak } = options;
    console.log(`${soak ? 'soak' : 'chaos'}: seed ${seed}, ${minutes} minutes`);
    const profile = soak ? soakCampaign(minutes) : longCampaign(minutes);
    const result = await runCampaign({
      seed,
      profile,
      signal: ending.signal,
      note: (text) => console.log(`  ${text}`),
    });
    console.log(`\n${reportOn({ seed, ...result })}`);
    const { soak: watched, kept } = result;
    if (watched) console.log(`\n${reportOnVitals(watched.vitals, watched.verdicts, kept)}`);
    const flat = watched?.verdicts.every(isWell) ?? true;
    return flat && result.verdicts.every(({ violations }) => violations.length === 0) ? 0 : EXIT_VIOLATED;
  } catch (error) {
    if (ending.signal.aborted) {
      console.log('chaos: ended early, everything is stopped; no verdict');
      return EXIT_INTERRUPTED;
    }
    const foreseen = error instanceof ChaosUsageError || error instanceof StackError;
    console.error(foreseen ? `chaos: ${error.message}` : error);
    return error instanceof ChaosUsageError ? EXIT_USAGE : EXIT_VIOLATED;
  }
}
