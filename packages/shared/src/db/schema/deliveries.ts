export interface TenantUsageTable {
  hour: Date;
  tenant: string;
  bytes: number;
}

export interface SourceResultTable {
  tenant: string;
  source: string;
  result: string;
  count: number;
  last_at: Date;
  event: string | null;
  reason: string | null;
  help: string | null;
}
