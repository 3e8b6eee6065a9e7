-- A connector's own small memory in one tenant: cursors, tokens. In the truth, for Redis may be emptied.
CREATE TABLE connector_kv (
  tenant     text NOT NULL,
  connector  text NOT NULL,
  key        text NOT NULL,
  value      text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (key, connector, tenant)
) WITH (fillfactor = 70);
CREATE INDEX connector_kv_due ON connector_kv (expires_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON connector_kv TO holdpoint_service;
