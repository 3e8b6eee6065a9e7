import type { Verdict } from '@holdpoint/shared/domain/decision';
import type { Digest } from '@holdpoint/shared/domain/ids';
import type { Json } from '@holdpoint/shared/domain/json';
import type { Risk } from '@holdpoint/shared/domain/policy';

/** One line of a plan, scored: what it came to, and the verdict on it. Crosses between threads, so plain data. */
export interface ScoredLine {
  readonly connector: string;
  readonly tool: string;
  readonly risk: Risk | null;
  readonly args: Json;
  readonly value: number | null;
  readonly entityKey: string | null;
  readonly idempotencyKey: string | null;
  /** The arguments as people may see them. */
  readonly shownArgs: Json;
  /** The line as proposed, where parsing changed or refused it. */
  readonly proposed: Json | undefined;
  readonly digest: Digest;
  readonly verdict: Verdict;
}
