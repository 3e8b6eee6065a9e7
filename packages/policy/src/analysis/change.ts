import { z } from 'zod';
import { assumptionSchema, witnessSchema } from './finding.ts';

/** Actions that two sets of rules decide otherwise, in the same way. */
export const changeSchema = z.object({
  /** `shop orders.hold over 500 up to 800: ALERT to reviewer, within 3600 s → ALLOW`. */
  message: z.string(),
  tools: z.array(z.object({ connector: z.string(), tool: z.string() })),
  /** Names; `*` is every operator but those of `except`. */
  operators: z.array(z.string()),
  except: z.array(z.string()),
  /** Amounts over `above` up to and with `upTo`; none counts as 0. */
  values: z.object({ above: z.number().nullable(), upTo: z.number().nullable() }),
  /** ISO 8601; the end is left out, null: for ever. */
  from: z.string(),
  until: z.string().nullable(),
  before: z.string(),
  after: z.string(),
  /** What conditions are taken to answer. */
  assumes: z.array(assumptionSchema),
  /** One such action, by either set. */
  witness: z.object({ before: witnessSchema, after: witnessSchema }),
});
export type Change = z.infer<typeof changeSchema>;

/** A condition that stands on one side only: what it answers, and whether it fails to, no text can tell. */
export interface OpenQuestion {
  readonly policy: string;
  readonly field: 'when' | 'predicate';
  readonly side: 'before' | 'after';
  readonly message: string;
}

export interface DiffReport {
  readonly looser: readonly Change[];
  readonly tighter: readonly Change[];
  /** Stricter in one way and looser in another: another audience, fewer votes in less time. */
  readonly otherwise: readonly Change[];
  readonly open: readonly OpenQuestion[];
  /** Policies that differ, and decide nothing otherwise as tools, operators and the other policies are. */
  readonly unfelt: readonly string[];
  /** At most so many more of all these than are shown. */
  readonly more: number;
  /** False: there is too much to go through; tools were left out. */
  readonly complete: boolean;
}
