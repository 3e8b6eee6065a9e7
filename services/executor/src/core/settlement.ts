import type { Tool } from '@holdpoint/shared/domain/tool';
import { ATTEMPTS_MAX, type AttemptEnd } from './end-attempt.ts';

/** What a tool declares that decides over an attempt whose worker is dead. */
export type Declares = 'reads' | 'idempotent' | 'neither';

export interface DeadAttempt {
  readonly attempts: number;
  readonly attemptsMax: number;
}

/** By declaration. Semantics §3: nothing is run a second time unless the tool says that it may. */
const SETTLEMENTS = {
  reads: ({ attempts, attemptsMax }) =>
    attempts < attemptsMax
      ? { to: 'queued', error: LOST_READ, retry_in_ms: 0, unsure: false }
      : { to: 'failed', error: LOST_READ },
  idempotent: ({ attempts, attemptsMax }) =>
    attempts < attemptsMax
      ? { to: 'queued', error: LOST, retry_in_ms: 0, unsure: true }
      : { to: 'indeterminate', error: LOST },
  neither: () => ({ to: 'indeterminate', error: LOST }),
} as const satisfies Record<Declares, (attempt: DeadAttempt) => AttemptEnd>;

const LOST_READ = 'its worker was lost during the call';
const LOST = 'its worker was lost during the call: it may have happened';

/** A tool that is no longer declared may have done anything. */
export function settleDead(tool: Tool | undefined, attempts: number): AttemptEnd {
  const attempt = { attempts, attemptsMax: tool?.retry?.attempts ?? ATTEMPTS_MAX };
  return SETTLEMENTS[declares(tool)](attempt);
}

function declares(tool: Tool | undefined): Declares {
  if (tool?.risk === 'read') return 'reads';
  return tool?.idempotent ? 'idempotent' : 'neither';
}
