import { type FaultAction, FULL_DECK, SHORT_DECK } from './fault-schedule.ts';

/** How long, how hard. */
export interface CampaignProfile {
  readonly durationMs: number;
  readonly gapMs: readonly [least: number, most: number];
  /** Of the executor: short, so that what a lost one leaves is settled within the campaign. */
  readonly leaseMs: number;
  /** Of the messages that an instance has in hand; 0: as shipped, half a minute. */
  readonly ackWaitMs: number;
  /** Between one proposal or delivery and the next. */
  readonly stepEveryMs: number;
  readonly deck: readonly FaultAction[];
  readonly shuffled: boolean;
}

export function longCampaign(minutes: number): CampaignProfile {
  return {
    durationMs: minutes * 60_000,
    gapMs: [600, 3_500],
    leaseMs: 3_000,
    ackWaitMs: 0,
    stepEveryMs: 40,
    deck: FULL_DECK,
    shuffled: true,
  };
}

/** For every run of the tests: few faults of each kind, and nobody waits long. */
export const SHORT_CAMPAIGN: CampaignProfile = {
  durationMs: 12_000,
  gapMs: [700, 1_000],
  leaseMs: 2_000,
  ackWaitMs: 5_000,
  stepEveryMs: 70,
  deck: SHORT_DECK,
  shuffled: false,
};
