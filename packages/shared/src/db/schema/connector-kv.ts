export interface ConnectorKvTable {
  tenant: string;
  connector: string;
  key: string;
  value: string;
  expires_at: Date;
}
