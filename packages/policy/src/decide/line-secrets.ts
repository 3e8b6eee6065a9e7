import type { Json } from '@holdpoint/shared/domain/json';
import { createScrubber, MASK } from '@holdpoint/shared/domain/secret-args';
import type { Tool } from '@holdpoint/shared/domain/tool';
import { asItIs, type Scrub } from './printable.ts';

/** A reason is cut far below this; a longer text is hidden whole, so that looking for secrets has a bound. */
const SEARCHED_MAX_CHARS = 16 * 1024;

/** What takes the values of a tool's secret arguments out of a text: as they were proposed, and as the tool's schema made them. */
export function scrubberOf({ secretArgs = [] }: Tool, proposed: Json, parsed: Json): Scrub {
  if (secretArgs.length === 0) return asItIs;
  let scrub: Scrub | undefined;
  return (text) => {
    if (text.length > SEARCHED_MAX_CHARS) return MASK;
    // Most lines have nothing to tell, so nothing is looked for before.
    scrub ??= createScrubber(
      { proposed, parsed },
      secretArgs.flatMap((path) => [`proposed.${path}`, `parsed.${path}`]),
      [],
    );
    return scrub(text);
  };
}
