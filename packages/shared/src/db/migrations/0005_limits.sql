-- What is used of the limits of policies. A row of `policy_limits` is one limit for one value of its dimension; the lock on it
-- orders those that reserve from it. What an action reserved is open until the action ends: then it counts from when it was
-- applied, or is gone. Nobody but a decision touches `policy_limits` on the way, so an outcome waits for no decision.

CREATE TABLE policy_limits (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant       text NOT NULL,
  key          text COLLATE "C" NOT NULL,
  per_seconds  bigint NOT NULL,
  keep_seconds bigint NOT NULL,
  crowded      boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON COLUMN policy_limits.per_seconds IS 'the window as it was last asked for';
COMMENT ON COLUMN policy_limits.keep_seconds IS 'the longest window that was asked for: what is younger is kept';
COMMENT ON COLUMN policy_limits.crowded IS 'a decision read so much that was applied that it wants folding';
-- Every statement names both; the listing walks the keys of one tenant.
CREATE UNIQUE INDEX policy_limits_key ON policy_limits (tenant, key);
CREATE INDEX policy_limits_crowded ON policy_limits (id) WHERE crowded;

CREATE TABLE limit_reservations (
  action     uuid NOT NULL,
  limit_id   bigint NOT NULL REFERENCES policy_limits (id),
  amount     numeric NOT NULL,
  counted_at timestamptz,
  PRIMARY KEY (action, limit_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
COMMENT ON COLUMN limit_reservations.counted_at IS 'when the action was applied; null: it is open and counts however old it is';
CREATE INDEX limit_reservations_usage ON limit_reservations (limit_id, counted_at) INCLUDE (amount);

-- Many reservations in one row, that goes on counting until the youngest of them has left the window.
CREATE TABLE limit_buckets (
  limit_id  bigint NOT NULL REFERENCES policy_limits (id),
  bucket_at timestamptz NOT NULL,
  last_at   timestamptz NOT NULL,
  count     bigint NOT NULL,
  total     numeric NOT NULL,
  PRIMARY KEY (limit_id, bucket_at)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

ALTER TABLE actions ADD COLUMN reserves boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN actions.reserves IS 'it has rows in limit_reservations, until it ends';

-- A trigger, so that no statement of any service can forget it. It touches this action's rows and nothing else.
CREATE FUNCTION settle_reservations() RETURNS trigger LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
  IF NEW.state = 'applied' THEN
    UPDATE limit_reservations SET counted_at = clock_timestamp() WHERE action = NEW.id;
  ELSE
    DELETE FROM limit_reservations WHERE action = NEW.id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER actions_reservations AFTER UPDATE OF state ON actions FOR EACH ROW
  WHEN (OLD.reserves AND OLD.state <> NEW.state
    AND NEW.state IN ('applied', 'failed', 'blocked', 'denied', 'expired', 'cancelled'))
  EXECUTE FUNCTION settle_reservations();

-- What is used of limits now. One statement, so one view of the three tables: what is folded meanwhile is seen once.
-- `releases_at`: when the first of what was applied leaves the window.
--   p_limits: [{ id, per_seconds }]
CREATE FUNCTION limit_usages(p_limits jsonb)
RETURNS TABLE (limit_id bigint, open bigint, used bigint, total numeric, unfolded bigint, releases_at timestamptz) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  RETURN QUERY
  SELECT w.id, o.n, o.n + r.n + b.n, o.total + r.total + b.total, r.n,
    least(r.first_at, b.first_at) + w.per_seconds * interval '1 second'
  FROM jsonb_to_recordset(p_limits) AS w (id bigint, per_seconds bigint)
  CROSS JOIN LATERAL (
    SELECT count(*) AS n, coalesce(sum(amount), 0) AS total FROM limit_reservations
    WHERE limit_id = w.id AND counted_at IS NULL OFFSET 0) o
  CROSS JOIN LATERAL (
    SELECT count(*) AS n, coalesce(sum(amount), 0) AS total, min(counted_at) AS first_at FROM limit_reservations
    WHERE limit_id = w.id AND counted_at > v_now - w.per_seconds * interval '1 second' OFFSET 0) r
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(count), 0)::bigint AS n, coalesce(sum(total), 0) AS total, min(last_at) AS first_at FROM limit_buckets
    WHERE limit_id = w.id AND last_at > v_now - w.per_seconds * interval '1 second' OFFSET 0) b;
END $$;

-- Keeps limits small: drops what has left the window, folds what is much into buckets a sixtieth of the window wide, and drops
-- a limit that nothing uses. At most `p_rows_max` reservations a limit: answers those of which there may be more. One tends at a
-- time, and waits for no decision: one may wait for what it drops. A null answer: somebody else tends.
CREATE FUNCTION tend_limits(p_limits bigint[], p_rows_max integer, p_fold_above integer) RETURNS bigint[] LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_limit policy_limits;
  v_counted integer;
  v_taken integer;
  v_more bigint[] := '{}';
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('holdpoint.limits')) THEN
    RETURN NULL;
  END IF;
  FOR v_limit IN SELECT * FROM policy_limits WHERE id = ANY (p_limits) LOOP
    SELECT count(*) INTO v_counted FROM (
      SELECT 1 FROM limit_reservations WHERE limit_id = v_limit.id AND counted_at IS NOT NULL LIMIT p_fold_above + 1) c;
    v_taken := fold_limit(v_limit, v_now, p_rows_max, v_counted > p_fold_above);
    DELETE FROM limit_buckets
    WHERE limit_id = v_limit.id AND last_at <= v_now - v_limit.keep_seconds * interval '1 second';
    IF v_taken >= p_rows_max THEN
      v_more := v_more || v_limit.id;
    ELSIF v_limit.crowded THEN
      UPDATE policy_limits SET crowded = false
      WHERE id = ANY (ARRAY(SELECT id FROM policy_limits WHERE id = v_limit.id FOR NO KEY UPDATE SKIP LOCKED));
    END IF;
  END LOOP;
  -- Last: a decision that wants one of them again waits for no folding.
  PERFORM drop_unused_limit(id) FROM unnest(p_limits) AS id;
  RETURN v_more;
END $$;

-- Takes what was applied, oldest first: all of it into buckets, or only what has left the window. Returns how many rows.
CREATE FUNCTION fold_limit(p_limit policy_limits, p_now timestamptz, p_rows_max integer, p_all boolean) RETURNS integer
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  v_gone_at timestamptz := p_now - p_limit.keep_seconds * interval '1 second';
  v_actions uuid[] := ARRAY(
    SELECT action FROM limit_reservations
    WHERE limit_id = p_limit.id AND counted_at <= (CASE WHEN p_all THEN 'infinity' ELSE v_gone_at END)
    ORDER BY counted_at LIMIT p_rows_max);
BEGIN
  WITH taken AS (
    DELETE FROM limit_reservations WHERE action = ANY (v_actions) AND limit_id = p_limit.id RETURNING counted_at, amount
  )
  INSERT INTO limit_buckets AS b (limit_id, bucket_at, last_at, count, total)
  SELECT p_limit.id, date_bin(make_interval(secs => p_limit.per_seconds / 60.0), t.counted_at, 'epoch') AS at,
    max(t.counted_at), count(*), sum(t.amount)
  FROM taken t WHERE t.counted_at > v_gone_at GROUP BY at
  ON CONFLICT (limit_id, bucket_at) DO UPDATE
    SET last_at = greatest(b.last_at, excluded.last_at), count = b.count + excluded.count, total = b.total + excluded.total;
  RETURN cardinality(v_actions);
END $$;

-- Whoever is about to reserve holds the row's lock: then it stays, and is looked at again another time.
CREATE FUNCTION drop_unused_limit(p_limit bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM policy_limits l WHERE l.id = p_limit
    AND NOT EXISTS (SELECT 1 FROM limit_reservations WHERE limit_id = p_limit)
    AND NOT EXISTS (SELECT 1 FROM limit_buckets WHERE limit_id = p_limit) FOR UPDATE SKIP LOCKED;
  IF FOUND THEN
    -- Looked at anew: somebody may have reserved and committed before the lock was given.
    DELETE FROM policy_limits WHERE id = p_limit
      AND NOT EXISTS (SELECT 1 FROM limit_reservations WHERE limit_id = p_limit)
      AND NOT EXISTS (SELECT 1 FROM limit_buckets WHERE limit_id = p_limit);
  END IF;
END $$;

GRANT SELECT, INSERT, UPDATE, DELETE ON policy_limits, limit_reservations, limit_buckets TO holdpoint_service;
REVOKE EXECUTE ON FUNCTION settle_reservations(), limit_usages(jsonb), tend_limits(bigint[], integer, integer),
  fold_limit(policy_limits, timestamptz, integer, boolean), drop_unused_limit(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION settle_reservations(), limit_usages(jsonb), tend_limits(bigint[], integer, integer),
  fold_limit(policy_limits, timestamptz, integer, boolean), drop_unused_limit(bigint) TO holdpoint_service;
