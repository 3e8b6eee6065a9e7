import {
  CLAIMING_STATES,
  INITIAL_STATES,
  isTerminal,
  LANE_STATES,
  STATES,
  TRANSITIONS,
  type Writer,
} from '@holdpoint/shared/domain/lifecycle';
import { generatedFrom, mermaid, page, table } from './markdown.ts';

export function lifecyclePage(): string {
  return page(
    '# The life of an action',
    generatedFrom('packages/shared/src/domain/lifecycle.ts'),
    'An edge that is not here cannot be written: every update names the state it comes from. Each edge writes its receipt in the same transaction.',
    mermaid([
      'stateDiagram-v2',
      ...INITIAL_STATES.map((state) => `  [*] --> ${state}`),
      ...edges().map(({ from, to, by }) => `  ${from} --> ${to}: ${by.join(', ')}`),
      ...STATES.filter(isTerminal).map((state) => `  ${state} --> [*]`),
    ]),
    '## Edges',
    table(
      ['from', 'to', 'written by'],
      edges().map(({ from, to, by }) => [from, to, by.join(', ')]),
    ),
    '## States',
    table(
      ['state', 'begins here', 'ends here', 'holds its idempotency key', 'stands in its lane'],
      STATES.map((state) => [
        state,
        tick((INITIAL_STATES as readonly string[]).includes(state)),
        tick(isTerminal(state)),
        tick((CLAIMING_STATES as readonly string[]).includes(state)),
        tick((LANE_STATES as readonly string[]).includes(state)),
      ]),
    ),
  );
}

const tick = (yes: boolean): string => (yes ? '✓' : '');

function edges(): { from: string; to: string; by: readonly Writer[] }[] {
  return Object.entries(TRANSITIONS).flatMap(([from, targets]) =>
    Object.entries<readonly Writer[]>(targets).map(([to, by]) => ({ from, to, by })),
  );
}
