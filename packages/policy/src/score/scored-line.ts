import type { Verdict } from '@holdpoint/shared/domain/decision';
import type { Explanation } from '@holdpoint/shared/domain/explanation';
import type { Digest } from '@holdpoint/shared/domain/ids';
import type { Json } from '@holdpoint/shared/domain/json';
import type { Risk } from '@holdpoint/shared/domain/policy';
import type { HookRun } from '../decide/before-hooks.ts';

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
  /** The line as proposed, where parsing refused it, or parsing or a hook changed it. */
  readonly proposed: Json | undefined;
  /** Before hooks: decides sameness. */
  readonly proposedDigest: Digest;
  /** After hooks: binds approvals. */
  readonly digest: Digest;
  /** The hooks that were asked, where any were. */
  readonly hooks?: readonly HookRun[];
  readonly verdict: Verdict;
  /** Where it was asked for. */
  readonly explanation?: Explanation;
}
