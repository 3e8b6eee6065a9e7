import { STREAMS } from '@holdpoint/shared/messages/streams';

const MS_AS_NS = 1_000_000;

/**
 * How long the streams keep what nobody judges a campaign by: short enough that a soak sees the oldest go. For this process;
 * every one that declares the streams has to say the same.
 */
export function shortenStreams(ageMs: number): void {
  for (const name of ['PLANS', 'DECISIONS', 'APPROVALS'] as const) {
    Object.assign(STREAMS[name], { max_age: ageMs * MS_AS_NS });
  }
}
