import type { ColumnType, Generated, Selectable } from 'kysely';
import type { TrustDecision } from '../../domain/policy.ts';
import type { ReceiptReason } from '../../domain/policy-change.ts';
import type { ReceiptKind } from '../../domain/receipt.ts';

export interface ReceiptTable {
  id: string;
  at: Generated<Date>;
  tenant: string;
  kind: ReceiptKind;
  plan: string | null;
  action: string | null;
  event: string | null;
  operator: string | null;
  agent: string | null;
  on_behalf_of: string | null;
  actor: string;
  connector: string | null;
  tool: string | null;
  entity_key: string | null;
  idempotency_key: string | null;
  digest: string | null;
  decision: TrustDecision | null;
  reasons: ColumnType<ReceiptReason[] | null, string | null, never>;
  matched: ColumnType<string[] | null, string | null, never>;
  policy_version: string | null;
  outcome: string | null;
  error: string | null;
  attempt: number | null;
  trace_id: string | null;
}
export type ReceiptRow = Selectable<ReceiptTable>;
