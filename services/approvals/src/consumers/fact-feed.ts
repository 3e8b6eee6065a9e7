import type { Approval } from '@holdpoint/shared/domain/approval';
import { approvalFactSchema } from '@holdpoint/shared/messages/facts';
import { type ApprovalFact, approvalSubjects, parseApprovalSubject } from '@holdpoint/shared/messages/subjects';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import type { Nats } from '@holdpoint/shared/runtime/nats';
import type { Msg, Subscription } from '@nats-io/transport-node';

export interface HeardFact {
  readonly fact: ApprovalFact;
  readonly approval: Approval;
}

/** What is being said about the approvals of a tenant, from whichever instance; nothing of what was said before. */
export interface FactFeed {
  /** Resolves once the server knows of the subscription. Returns how to end it. */
  listen(tenant: string, hear: (heard: HeardFact) => void): Promise<() => void>;
}

interface Channel {
  readonly subscription: Subscription;
  readonly listeners: Set<(heard: HeardFact) => void>;
}

/** How long a listener waits for the server to confirm; without it, facts come when the server is back. */
const CONFIRM_MAX_MS = 1_000;

/** One core subscription a tenant that anyone listens to. */
export function createFactFeed(nats: Nats, logger: Logger): FactFeed {
  const channels = new Map<string, Channel>();

  function open(tenant: string): Channel {
    const listeners: Channel['listeners'] = new Set();
    const callback = (error: Error | null, message: Msg): void => {
      const heard = error === null ? readFact(tenant, message) : undefined;
      if (heard === undefined) logger.warn({ err: error, subject: message?.subject }, 'not a fact about an approval');
      else for (const hear of listeners) hear(heard);
    };
    const channel = { subscription: nats.nc.subscribe(approvalSubjects(tenant), { callback }), listeners };
    channels.set(tenant, channel);
    return channel;
  }

  return {
    async listen(tenant, hear) {
      const channel = channels.get(tenant) ?? open(tenant);
      // Two listeners may bring the same function.
      const own = (heard: HeardFact): void => hear(heard);
      channel.listeners.add(own);
      await confirmed(nats);
      return () => {
        if (!channel.listeners.delete(own) || channel.listeners.size > 0) return;
        channels.delete(tenant);
        channel.subscription.unsubscribe();
      };
    },
  };
}

/** The tenant is the subject's; a body that says otherwise is not passed on. */
function readFact(tenant: string, message: Msg): HeardFact | undefined {
  const parsed = parseApprovalSubject(message.subject);
  const approval = approvalFactSchema.safeParse(parseJson(message));
  if (parsed.tenant !== tenant || !approval.success || approval.data.tenant !== tenant) return undefined;
  return { fact: parsed.fact, approval: approval.data };
}

function parseJson(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}

async function confirmed(nats: Nats): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CONFIRM_MAX_MS);
  });
  await Promise.race([nats.ping().catch(() => undefined), late]);
  clearTimeout(timer);
}
