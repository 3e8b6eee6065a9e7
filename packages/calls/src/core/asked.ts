import type { CallEnd } from './call-end.ts';
import { ASKS_MAX, type AttemptEnd, type AttemptFacts, delayMs, triesOf } from './end-attempt.ts';

/** What follows from a question to a tool's `reconcile`: an end, or that the action did not happen and may be run. */
export type Asked = { readonly run: true } | { readonly end: AttemptEnd; readonly settles: boolean };

/** From how a question ended to what becomes of the action that may have happened. Semantics §3, At most once. */
export function afterAsking(asked: CallEnd, facts: AttemptFacts): Asked {
  switch (asked.kind) {
    case 'answered':
      return afterAnswer(asked.result, facts);
    case 'refused':
      return settled({ to: 'indeterminate', error: `it may have happened, and asking was refused: ${asked.message}` });
    case 'not_sent':
      return again(asked.message, 0);
    // Asking does nothing, so that a question without an answer is asked again; but not for ever.
    case 'retry':
    case 'unknown': {
      const error = `it may have happened, and could not be asked: ${asked.message}`;
      if (facts.attempts >= triesOf(facts.tool) + ASKS_MAX) return settled({ to: 'indeterminate', error });
      return again(error, delayMs(facts, asked.kind === 'retry' ? asked.retryAfterMs : undefined));
    }
    default:
      return asked satisfies never;
  }
}

function afterAnswer(answer: unknown, { tool, attempts }: AttemptFacts): Asked {
  if (answer === 'applied') return settled({ to: 'applied', result: null });
  if (typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'applied')) {
    return settled({ to: 'applied', result: (answer as { readonly applied: unknown }).applied });
  }
  if (answer === 'not_applied') {
    if (attempts <= triesOf(tool)) return { run: true };
    return settled({ to: 'failed', error: 'asked, it had not happened, and there are no tries left' });
  }
  const error =
    answer === 'unknown'
      ? 'it may have happened: asked, its connector does not know'
      : `it may have happened: reconcile answered ${named(answer)} for applied, not_applied, unknown or { applied }`;
  return settled({ to: 'indeterminate', error });
}

const named = (answer: unknown): string =>
  typeof answer === 'string' ? JSON.stringify(answer.slice(0, 64)) : answer === null ? 'null' : typeof answer;

const settled = (end: AttemptEnd): Asked => ({ end, settles: true });

const again = (error: string, retryInMs: number): Asked => ({
  end: { to: 'queued', error, retry_in_ms: retryInMs, unsure: true },
  settles: false,
});
