import { runAfter } from '@holdpoint/hooks/run-after';
import { serveHooks } from '@holdpoint/hooks/serve-hooks';
import { frozenCopy } from '@holdpoint/policy/decide/frozen';
import type { WebhookHook } from '@holdpoint/shared/workspace/tenant-hooks';
import type { AcceptedEvent } from '@holdpoint/shared/workspace/webhook-hook';
import type { EventFacts } from './event-facts.ts';
import { runBefore } from './run-before.ts';

/** The thread in which one tenant's hooks on webhooks run, of one phase. */
await serveHooks<WebhookHook, EventFacts>({
  listed: ({ webhooks }) => webhooks,
  async run(asked, { facts, body, attempt }, phase, running) {
    const event = Object.freeze({ ...frozenCopy(facts), data: dataOf(body) }) as AcceptedEvent;
    return phase === 'before'
      ? runBefore(asked, event, running)
      : runAfter(asked[0] as WebhookHook, event, attempt, running);
  },
});

/** What no author's function could be given safely is given to none: no JSON, or JSON that nests too deep to be frozen. */
function dataOf(body: Uint8Array | null): unknown {
  if (body === null) return null;
  try {
    return frozenCopy(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)));
  } catch {
    return null;
  }
}
