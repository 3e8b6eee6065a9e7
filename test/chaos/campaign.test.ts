import { expect, test } from 'vitest';
import { runCampaign } from './campaign.ts';
import { SHORT_CAMPAIGN } from './core/campaign-profile.ts';
import { reportOn } from './core/report.ts';

const SEED = 20_261_121;
const LIMIT_MS = 240_000;

test(
  'a short campaign: processes and servers die, and every invariant holds',
  async () => {
    const noted: string[] = [];
    const never = new AbortController().signal;
    const options = {
      seed: SEED,
      profile: SHORT_CAMPAIGN,
      signal: never,
      note: (text: string) => void noted.push(text),
    };
    const result = await runCampaign(options);
    const report = `${noted.join('\n')}\n${reportOn({ seed: SEED, ...result })}`;
    expect(
      result.verdicts.flatMap(({ violations }) => violations),
      report,
    ).toEqual([]);
    // A checker that saw nothing has proved nothing.
    for (const { invariant, checked } of result.verdicts)
      expect([invariant, checked > 0], report).toEqual([invariant, true]);
    expect([...result.faults.injected.values()].length, report).toBeGreaterThan(5);
  },
  LIMIT_MS,
);
