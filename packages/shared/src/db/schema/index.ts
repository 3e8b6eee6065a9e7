import type { ActionTable } from './actions.ts';
import type { ApprovalAudienceTable, ApprovalCommentTable, ApprovalTable, VoteTable } from './approvals.ts';
import type { AppTable } from './apps.ts';
import type { ConnectorKvTable } from './connector-kv.ts';
import type { SourceResultTable, TenantUsageTable } from './deliveries.ts';
import type { EntityTable } from './entities.ts';
import type { FreezeTable } from './freezes.ts';
import type { LaneTable } from './lanes.ts';
import type { LimitBucketTable, LimitReservationTable, PolicyLimitTable } from './limits.ts';
import type { DisabledChannelTable, NotificationTable } from './notifications.ts';
import type { OutboxTable } from './outbox.ts';
import type { PlanTable } from './plans.ts';
import type { PolicySetTable } from './policy-sets.ts';
import type { ReceiptTable } from './receipts.ts';
import type { SessionTable } from './sessions.ts';
import type { SignInTable } from './sign-ins.ts';
import type { StandingGrantTable, StandingGrantUseTable } from './standing-grants.ts';
import type { WorkerTable } from './workers.ts';

/** Every table, as the numbered migrations leave them. */
export interface Database {
  plans: PlanTable;
  lanes: LaneTable;
  actions: ActionTable;
  approvals: ApprovalTable;
  votes: VoteTable;
  approval_comments: ApprovalCommentTable;
  approval_audiences: ApprovalAudienceTable;
  freezes: FreezeTable;
  workers: WorkerTable;
  apps: AppTable;
  connector_kv: ConnectorKvTable;
  entities: EntityTable;
  outbox: OutboxTable;
  policy_sets: PolicySetTable;
  receipts: ReceiptTable;
  sessions: SessionTable;
  sign_ins: SignInTable;
  standing_grants: StandingGrantTable;
  standing_grant_uses: StandingGrantUseTable;
  tenant_usage: TenantUsageTable;
  source_results: SourceResultTable;
  policy_limits: PolicyLimitTable;
  limit_reservations: LimitReservationTable;
  limit_buckets: LimitBucketTable;
  notifications: NotificationTable;
  disabled_channels: DisabledChannelTable;
}
