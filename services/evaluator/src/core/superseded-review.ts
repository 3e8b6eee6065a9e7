import type { NewReceipt } from '@holdpoint/shared/db/receipts';
import type { OutboxMessage } from '@holdpoint/shared/db/schema/outbox';
import type { Approval } from '@holdpoint/shared/domain/approval';
import { approvalSubject } from '@holdpoint/shared/messages/subjects';

/** A review that a new decision on its action made pointless; `id` is its receipt's and its fact's. */
export interface SupersededReview {
  readonly id: string;
  readonly approval: Approval;
}

export function cancelledReceipt({ id, approval }: SupersededReview): NewReceipt {
  return {
    id,
    tenant: approval.tenant,
    kind: 'approval',
    action: approval.action_id,
    operator: approval.operator,
    agent: approval.agent,
    on_behalf_of: approval.on_behalf_of,
    actor: 'evaluator',
    connector: approval.connector,
    tool: approval.tool,
    entity_key: approval.entity_key,
    digest: approval.digest,
    reasons: [
      { code: 'escalated', message: `cancel: approval ${approval.id} is cancelled, for its action was decided anew` },
    ],
    outcome: 'cancelled',
  };
}

export function cancelledFact({ id, approval }: SupersededReview): OutboxMessage {
  return { subject: approvalSubject(approval.tenant, 'cancelled', approval.operator), id, body: approval };
}
