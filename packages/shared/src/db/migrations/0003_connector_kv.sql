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
CREATE INDEX connector_kv_owner ON connector_kv (connector, tenant, expires_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON connector_kv TO holdpoint_service;

-- Adds an entry that is not there; false where another has just added it. An entry whose time is up is not there. Those who
-- add to one memory do so one after another, so that its bound is exact; whoever finds it full is told by an error.
CREATE FUNCTION connector_kv_add(p_tenant text, p_connector text, p_key text, p_value text, p_ttl_seconds int,
  p_entries_max int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_tenant || ':' || p_connector, 7130));
  IF EXISTS (SELECT 1 FROM connector_kv
    WHERE key = p_key AND connector = p_connector AND tenant = p_tenant AND expires_at > clock_timestamp()) THEN
    RETURN false;
  END IF;
  IF (SELECT count(*) FROM connector_kv
    WHERE connector = p_connector AND tenant = p_tenant AND expires_at > clock_timestamp()) >= p_entries_max THEN
    RAISE EXCEPTION 'connector memory is full' USING ERRCODE = 'HP003';
  END IF;
  INSERT INTO connector_kv (tenant, connector, key, value, expires_at)
  VALUES (p_tenant, p_connector, p_key, p_value, clock_timestamp() + p_ttl_seconds * interval '1 second')
  ON CONFLICT (key, connector, tenant) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
    WHERE connector_kv.expires_at <= clock_timestamp();
  RETURN FOUND;
END $$;
