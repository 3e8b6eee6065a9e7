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
  /** It is watched whether anything grows. */
  readonly soak?: SoakTimes;
}

export interface SoakTimes {
  readonly lookEveryMs: number;
  /** Each service collects its garbage so often, to tell what is left. */
  readonly heapEveryMs: number;
  /** Of streams that nobody judges a campaign by. */
  readonly streamAgeMs: number;
}

/** What a service is told that takes part in one. */
export interface ServiceSoak extends Pick<SoakTimes, 'heapEveryMs' | 'streamAgeMs'> {
  readonly name: string;
  readonly heapFile: string;
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

/** At least what the server takes: the age of a stream may not be below its window of duplicates. */
const STREAM_AGE_MIN_MS = 150_000;

/** Half of the load, and faults so far apart that a process lives for minutes: what grows has time to show. */
export function soakCampaign(minutes: number): CampaignProfile {
  return {
    ...longCampaign(minutes),
    gapMs: [15_000, 45_000],
    ackWaitMs: 0,
    soak: {
      lookEveryMs: 5_000,
      heapEveryMs: 10_000,
      streamAgeMs: Math.max(STREAM_AGE_MIN_MS, minutes * 10_000),
    },
  };
}

/** For every run of the tests: few faults of each kind, and nobody waits long. */
export const SHORT_CAMPAIGN: CampaignProfile = {
  durationMs: 12_000,
  gapMs: [600, 950],
  leaseMs: 2_000,
  ackWaitMs: 5_000,
  stepEveryMs: 70,
  deck: SHORT_DECK,
  shuffled: false,
};
