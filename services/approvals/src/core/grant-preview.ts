import { type GrantClass, grantCovers, whyNotCovered } from '@holdpoint/shared/domain/standing-grant';

/** An action that people were asked about, as they were shown it. */
export interface AskedAction {
  readonly action_id: string;
  readonly at: string;
  readonly entity_key: string | null;
  readonly value: number | null;
  readonly args: unknown;
}

/** What a grant would have met, had it stood; the newest first. */
export interface GrantPreview {
  readonly looked_at: number;
  readonly matched: AskedAction[];
  readonly matched_count: number;
  /** Those that it would have missed by least, and why. */
  readonly nearest: { readonly action_id: string; readonly at: string; readonly why: string[] }[];
}

/** Shown; all are counted. */
export const MATCHED_MAX = 20;
const NEAREST_MAX = 3;

/** Adds up over pages of actions, the newest first, so that none of them is kept that is not shown. */
export function createPreview(grant: GrantClass): { add(action: AskedAction): void; result(): GrantPreview } {
  const seen = new Set<string>();
  const matched: AskedAction[] = [];
  let matchedCount = 0;
  let nearest: GrantPreview['nearest'] = [];
  return {
    add(action) {
      // Asked about twice, it is one action.
      if (seen.has(action.action_id)) return;
      seen.add(action.action_id);
      const { operator, connector, tool } = grant;
      const line = { operator, connector, tool, args: action.args, value: action.value };
      if (grantCovers(grant, line)) {
        matchedCount += 1;
        if (matched.length < MATCHED_MAX) matched.push(action);
        return;
      }
      const missed = { action_id: action.action_id, at: action.at, why: whyNotCovered(grant, line) };
      // A stable sort: of those that miss by as much, the newest.
      nearest = [...nearest, missed].sort((a, b) => a.why.length - b.why.length).slice(0, NEAREST_MAX);
    },
    result: () => ({ looked_at: seen.size, matched, matched_count: matchedCount, nearest }),
  };
}
