-- What ingest knows of deliveries, beyond one instance and one life of it. Both are added to in batches, about once a second.

CREATE TABLE tenant_usage (
  hour   timestamptz NOT NULL,
  tenant text NOT NULL,
  bytes  bigint NOT NULL,
  PRIMARY KEY (hour, tenant)
) WITH (fillfactor = 50);
COMMENT ON TABLE tenant_usage IS 'bytes put into the stream of events, for as long as it keeps them';
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_usage TO holdpoint_service;

CREATE TABLE source_results (
  tenant  text NOT NULL,
  source  text NOT NULL,
  result  text NOT NULL,
  count   bigint NOT NULL,
  last_at timestamptz NOT NULL,
  event   text,
  reason  text,
  help    text,
  PRIMARY KEY (source, tenant, result)
) WITH (fillfactor = 50);
COMMENT ON TABLE source_results IS 'how deliveries ended, and the last that ended so; nothing in it is the sender''s own text but the id of a verified event';
GRANT SELECT, INSERT, UPDATE ON source_results TO holdpoint_service;
