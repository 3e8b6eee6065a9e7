-- Reads wait too: while they are frozen, or their connector rests. What was permitted too long ago, or before a freeze over it
-- was lifted, is scored again, as effects are: its operator may have lost its grant meanwhile.

DROP FUNCTION executor_claim_reads(jsonb, uuid, text);

-- Claims reads: no lane, no order, no approval. Returns those that may run; of the others there is nothing to say.
--   p_reads: { <action>: <token> }
CREATE FUNCTION executor_claim_reads(p_reads jsonb, p_worker uuid, p_actor text, p_authorised_max_seconds integer)
RETURNS TABLE (action uuid, claimed jsonb) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
  v_wanted uuid[] := ARRAY(SELECT k::uuid FROM jsonb_object_keys(p_reads) AS k ORDER BY 1);
  v_expired jsonb;
  v_stale jsonb;
  v_claimed jsonb;
  v_ids uuid[];
  v_freezes boolean := freezes_matter(p_authorised_max_seconds);
BEGIN
  SELECT jsonb_object_agg(j.id, j.seen) FILTER (WHERE j.expired), jsonb_object_agg(j.id, j.seen) FILTER (WHERE j.stale)
  INTO v_expired, v_stale
  FROM (
    SELECT a.id, jsonb_build_object('lane_seq', a.lane_seq, 'attempts', a.attempts) AS seen,
      a.expires_at IS NOT NULL AND a.expires_at <= clock_timestamp() AS expired,
      (a.expires_at IS NULL OR a.expires_at > clock_timestamp())
        AND (a.next_attempt_at IS NULL OR a.next_attempt_at <= clock_timestamp())
        AND NOT (v_freezes AND action_frozen(a.tenant, a.operator, a.connector, a.tool))
        AND (a.authorised_at IS NULL
          OR a.authorised_at < clock_timestamp() - p_authorised_max_seconds * interval '1 second'
          OR v_freezes AND freeze_lifted_since(a.tenant, a.operator, a.connector, a.tool, a.authorised_at)) AS stale
    FROM actions a WHERE a.id = ANY (v_wanted) AND (a.state = 'queued') IS TRUE AND a.risk = 'read'
  ) j;
  IF v_expired IS NOT NULL OR v_stale IS NOT NULL THEN
    PERFORM executor_put_aside(v_expired, v_stale, p_authorised_max_seconds, p_actor);
  END IF;
  PERFORM 1 FROM actions a WHERE a.id = ANY (v_wanted) ORDER BY a.id FOR UPDATE;
  WITH moved AS (
    UPDATE actions a SET state = 'running', attempts = a.attempts + 1, worker = p_worker,
      token = (p_reads ->> a.id::text)::uuid,
      next_attempt_at = NULL, started_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE a.id = ANY (v_wanted) AND (a.state = 'queued') IS TRUE AND a.risk = 'read'
      AND (a.next_attempt_at IS NULL OR a.next_attempt_at <= clock_timestamp())
      AND NOT (v_freezes AND action_frozen(a.tenant, a.operator, a.connector, a.tool))
    RETURNING a.id, claimed_action(a) AS claimed
  )
  SELECT jsonb_object_agg(m.id, m.claimed), array_agg(m.id) INTO v_claimed, v_ids FROM moved m;
  IF v_ids IS NOT NULL THEN
    PERFORM receipt_actions(v_ids, 'intent', p_actor);
  END IF;
  -- Also what the same token has claimed before, where the answer was lost.
  SELECT coalesce(v_claimed, '{}') || coalesce(jsonb_object_agg(a.id, claimed_action(a)), '{}') INTO v_claimed FROM actions a
  WHERE a.id = ANY (v_wanted) AND a.state = 'running' AND a.token = (p_reads ->> a.id::text)::uuid;
  RETURN QUERY SELECT k::uuid, v FROM jsonb_each(coalesce(v_claimed, '{}')) AS e (k, v);
END $$;

-- One flush: all that ended, then all that is wanted. The first row tells what was finished, the others what was found.
CREATE OR REPLACE FUNCTION executor_flush(p_finishes jsonb, p_claims jsonb, p_reads jsonb, p_worker uuid, p_authorised_max_seconds integer)
RETURNS TABLE (finished uuid[], token uuid, verdict text, connector text, wait_ms bigint, claimed jsonb) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_actor text := 'executor|' || p_worker;
  v_finished uuid[] := '{}';
BEGIN
  IF p_finishes <> '{}' THEN
    v_finished := executor_finish(p_finishes, v_actor);
  END IF;
  RETURN QUERY SELECT v_finished, NULL::uuid, NULL::text, NULL::text, NULL::bigint, NULL::jsonb;
  IF jsonb_array_length(p_claims) > 0 THEN
    RETURN QUERY SELECT NULL::uuid[], c.token, c.verdict, c.connector, c.wait_ms, c.claimed
      FROM executor_claim(p_claims, p_worker, v_actor, p_authorised_max_seconds) c;
  END IF;
  IF p_reads <> '{}' THEN
    RETURN QUERY SELECT NULL::uuid[], (r.claimed ->> 'token')::uuid, 'claimed', r.claimed ->> 'connector', NULL::bigint, r.claimed
      FROM executor_claim_reads(p_reads, p_worker, v_actor, p_authorised_max_seconds) r;
  END IF;
END $$;

REVOKE EXECUTE ON FUNCTION executor_claim_reads(jsonb, uuid, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION executor_claim_reads(jsonb, uuid, text, integer) TO holdpoint_service;
