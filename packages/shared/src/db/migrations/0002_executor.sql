-- The executor's one round trip: finish what ended, then claim the next heads. Two statements in this order: as two
-- data-modifying CTEs of one statement they would run in no order and trip the single-flight index.
-- A plan pinned while the tables were empty must stay good when they are full. So the order of joins is never left to the
-- planner: a statement over `actions` names its rows by `= ANY (array)`, and what must join goes through LATERAL … OFFSET 0.

ALTER TABLE actions ADD COLUMN unsure boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN actions.unsure IS 'an earlier attempt may have happened: it may neither expire nor be cancelled, only be found out';

-- Writes one outbox row that tells what became of the given actions: a message a plan and outcome. Whoever duplicates one
-- of them is told with it, so this must be a statement of its own, after the one that moved them.
CREATE FUNCTION announce_outcomes(p_actions uuid[]) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
  INSERT INTO outbox (messages)
  WITH told AS MATERIALIZED (
    SELECT a.id, a.tenant, a.operator, a.plan, a.plan_id, a.index, a.decision, a.attempts, a.connector, a.tool, a.entity_key,
      a.idempotency_key, a.duplicate_of, a.state AS outcome, a.state AS end_state, a.error AS end_error, a.result AS end_result
    FROM actions a WHERE a.id = ANY (p_actions) AND a.state <> 'duplicate'
    UNION ALL
    -- A duplicate tells its original's result under its own name: when the original ends …
    SELECT d.id, d.tenant, d.operator, d.plan, d.plan_id, d.index, d.decision, d.attempts, d.connector, d.tool, d.entity_key,
      d.idempotency_key, d.duplicate_of, 'duplicate', a.state, a.error, a.result
    FROM unnest(p_actions) AS i (id)
    CROSS JOIN LATERAL (SELECT * FROM actions a WHERE a.id = i.id OFFSET 0) a
    CROSS JOIN LATERAL (SELECT * FROM actions d WHERE d.duplicate_of = i.id AND d.state = 'duplicate' OFFSET 0) d
    UNION ALL
    -- … or at once, where it had ended before.
    SELECT d.id, d.tenant, d.operator, d.plan, d.plan_id, d.index, d.decision, d.attempts, d.connector, d.tool, d.entity_key,
      d.idempotency_key, d.duplicate_of, 'duplicate', a.state, a.error, a.result
    FROM unnest(p_actions) AS i (id)
    CROSS JOIN LATERAL (SELECT * FROM actions d WHERE d.id = i.id AND d.state = 'duplicate' OFFSET 0) d
    CROSS JOIN LATERAL (SELECT * FROM actions a WHERE a.id = d.duplicate_of OFFSET 0) a
  ), facts AS MATERIALIZED (
    SELECT uuid_v7() AS id, grouped.*
    FROM (
      SELECT t.tenant, t.operator, t.plan, t.plan_id, t.outcome,
        jsonb_agg(
          jsonb_build_object(
            'action_id', t.id, 'plan_id', t.plan_id, 'index', t.index, 'outcome', t.outcome, 'ok', t.end_state = 'applied',
            'decision', t.decision, 'attempts', t.attempts, 'at', iso_time(clock_timestamp()), 'connector', t.connector,
            'tool', t.tool, 'entity_key', t.entity_key, 'idempotency_key', t.idempotency_key)
          || CASE WHEN t.outcome = 'duplicate' THEN jsonb_build_object('duplicate_of', t.duplicate_of) ELSE '{}' END
          -- A plan has up to 100 lines and a message up to a megabyte: what is larger stays in its row, for the API to show.
          || CASE WHEN t.end_error IS NULL THEN '{}' ELSE jsonb_build_object('error', left(t.end_error, 512)) END
          || CASE WHEN t.end_result IS NULL OR octet_length(t.end_result::text) > 4096 THEN '{}'
             ELSE jsonb_build_object('result', t.end_result) END
          ORDER BY t.index) AS items
      FROM told t
      GROUP BY t.tenant, t.operator, t.plan, t.plan_id, t.outcome
    ) grouped
  )
  SELECT jsonb_agg(jsonb_build_object(
    'subject', 'outcomes.' || f.tenant || '.' || f.outcome || '.' || f.operator,
    'id', f.id,
    'body', jsonb_build_object('id', f.id, 'tenant', f.tenant, 'operator', f.operator, 'plan_id', f.plan_id, 'items', f.items)))
  FROM facts f
  HAVING count(*) > 0;
END $$;

-- Writes a receipt for each given action as it now stands. `p_note` is what a person said; else the action's own error.
CREATE FUNCTION receipt_actions(p_actions uuid[], p_kind text, p_actor text, p_note text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
  INSERT INTO receipts (id, tenant, kind, plan, action, event, operator, agent, on_behalf_of, actor, connector, tool,
    entity_key, idempotency_key, digest, decision, policy_version, outcome, error, attempt, trace_id)
  SELECT uuid_v7(), a.tenant, p_kind, a.plan, a.id, a.event_id, a.operator, a.agent, a.on_behalf_of, p_actor, a.connector,
    a.tool, a.entity_key, a.idempotency_key, a.digest, a.decision, a.policy_version, a.state, coalesce(p_note, a.error),
    a.attempts, a.trace_id
  FROM actions a WHERE a.id = ANY (p_actions);
END $$;

-- Ends attempts that are still owned (state running, same token). Returns the ids that moved; an absent one was fenced out,
-- and its answer is evidence, never state. The worker itself calls it (kind outcome), or the judge of a dead one (settlement).
--   p_finishes: { <action>: { token, to: applied | failed | indeterminate | queued, result?, error?, retry_in_ms?,
--     unsure?: absent leaves it as it was, kind?: of its receipt, leaves_lane?: indeterminate, it blocks nothing,
--     attempt?: which one, so that a late answer is kept } }
CREATE FUNCTION executor_finish(p_finishes jsonb, p_actor text, p_kind text DEFAULT 'outcome') RETURNS uuid[] LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  v_ids uuid[] := ARRAY(SELECT k::uuid FROM jsonb_object_keys(p_finishes) AS k ORDER BY 1);
  v_moved uuid[];
  v_settled uuid[];
  v_others uuid[];
  v_ended uuid[];
BEGIN
  PERFORM 1 FROM actions a WHERE a.id = ANY (v_ids) ORDER BY a.id FOR UPDATE;
  WITH moved AS (
    UPDATE actions a SET
      state = p_finishes -> a.id::text ->> 'to',
      result = nullif(p_finishes -> a.id::text -> 'result', 'null'),
      error = p_finishes -> a.id::text ->> 'error',
      worker = NULL, token = NULL, updated_at = clock_timestamp(),
      unsure = p_finishes -> a.id::text ->> 'to' = 'queued'
        AND coalesce((p_finishes -> a.id::text ->> 'unsure')::boolean, a.unsure),
      lane_seq = CASE WHEN p_finishes -> a.id::text ->> 'to' = 'indeterminate'
        AND (p_finishes -> a.id::text ->> 'leaves_lane')::boolean IS TRUE THEN NULL ELSE a.lane_seq END,
      next_attempt_at = CASE WHEN p_finishes -> a.id::text ->> 'to' = 'queued'
        THEN clock_timestamp() + (p_finishes -> a.id::text ->> 'retry_in_ms')::bigint * interval '1 millisecond' END
    WHERE a.id = ANY (v_ids) AND (a.state = 'running') IS TRUE AND a.token = (p_finishes -> a.id::text ->> 'token')::uuid
    RETURNING a.id, a.state, coalesce(p_finishes -> a.id::text ->> 'kind', p_kind) = 'settlement' AS settled
  )
  SELECT array_agg(id), array_agg(id) FILTER (WHERE settled), array_agg(id) FILTER (WHERE NOT settled),
    array_agg(id) FILTER (WHERE state <> 'queued')
  INTO v_moved, v_settled, v_others, v_ended FROM moved;
  IF v_settled IS NOT NULL THEN
    PERFORM receipt_actions(v_settled, 'settlement', p_actor);
  END IF;
  IF v_others IS NOT NULL THEN
    PERFORM receipt_actions(v_others, p_kind, p_actor);
  END IF;
  IF v_ended IS NOT NULL THEN
    PERFORM announce_outcomes(v_ended);
  END IF;
  IF coalesce(cardinality(v_moved), 0) < cardinality(v_ids) THEN
    PERFORM receipt_late_answers(p_finishes, v_moved, p_actor);
  END IF;
  RETURN coalesce(v_moved, '{}');
END $$;

-- Keeps what was answered for attempts that had been given to others meanwhile: a receipt without an outcome, one an attempt
-- and worker. None where the worker's answer had counted, and only its acknowledgement was lost on the way.
CREATE FUNCTION receipt_late_answers(p_finishes jsonb, p_moved uuid[], p_actor text) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  v_late uuid[] := ARRAY(SELECT k::uuid FROM jsonb_each(p_finishes) AS f (k, finish)
    WHERE finish ? 'attempt' AND k::uuid <> ALL (coalesce(p_moved, '{}')) ORDER BY 1);
BEGIN
  INSERT INTO receipts (id, tenant, kind, plan, action, event, operator, agent, on_behalf_of, actor, connector, tool,
    entity_key, idempotency_key, digest, policy_version, error, attempt, trace_id)
  SELECT uuid_v7(), a.tenant, 'outcome', a.plan, a.id, a.event_id, a.operator, a.agent, a.on_behalf_of, p_actor, a.connector,
    a.tool, a.entity_key, a.idempotency_key, a.digest, a.policy_version,
    concat_ws(': ', 'late answer of attempt ' || (p_finishes -> a.id::text ->> 'attempt'), p_finishes -> a.id::text ->> 'to',
      p_finishes -> a.id::text ->> 'error'),
    (p_finishes -> a.id::text ->> 'attempt')::integer, a.trace_id
  FROM actions a
  WHERE a.id = ANY (v_late) AND NOT EXISTS (
    SELECT 1 FROM receipts r WHERE r.action = a.id AND r.actor = p_actor AND r.kind IN ('outcome', 'settlement')
      AND r.attempt = (p_finishes -> a.id::text ->> 'attempt')::integer);
END $$;

-- A place at the tail of a lane, for one that had left it. Holds the lane's row lock until the commit, so that numbers commit
-- in their order. Taken after the action's own lock; whoever holds a lane's lock waits for no action that has left it.
CREATE FUNCTION take_place(p_lane bigint) RETURNS bigint LANGUAGE sql AS $$
  UPDATE lanes SET next_seq = next_seq + 1 WHERE id = p_lane RETURNING next_seq - 1
$$;

-- What a call needs to know of its action (`ClaimedAction`): the whole row would cost a sixth of the flush.
CREATE FUNCTION claimed_action(a actions) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', a.id, 'tenant', a.tenant, 'operator', a.operator, 'plan_id', a.plan_id,
    'connector', a.connector, 'tool', a.tool, 'risk', a.risk, 'args', a.args, 'entity_key', a.entity_key,
    'idempotency_key', a.idempotency_key, 'attempts', a.attempts, 'token', a.token, 'unsure', a.unsure, 'trace_id', a.trace_id)
$$;

-- Looks at the heads of lanes and claims those that may run. One row a token that asked:
--   claimed    the action is running under that token; its intent receipt is written
--   aside      the head was put aside (expired, to be scored again): there may be another
--   again      it changed under our eyes: look again
--   empty | busy (running) | indeterminate | foreign (another connector's) | waiting (backing off) | frozen | unauthorised
-- `connector` is the head's. Two that ask for one lane are told apart by their tokens: at most one is told `claimed`.
--   p_claims: [{ lane, connector, token }]
CREATE FUNCTION executor_claim(p_claims jsonb, p_worker uuid, p_actor text, p_authorised_max_seconds integer)
RETURNS TABLE (token uuid, verdict text, connector text, wait_ms bigint, claimed jsonb) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
  v_heads jsonb;
  v_wanted jsonb;
  v_claimed jsonb;
  v_ids uuid[];
  v_approvals uuid[];
  v_aside uuid[];
  -- Asked once for all: a function's query for each head would cost more than the rest of the claim.
  v_freezes boolean := freezes_matter(p_authorised_max_seconds);
BEGIN
  WITH want AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(p_claims) AS w (lane bigint, connector text, token uuid)
  ), heads AS MATERIALIZED (
    -- Without SKIP LOCKED: passing over a locked head would let the second overtake it.
    SELECT w.token, w.connector AS wanted, h.*
    FROM want w LEFT JOIN LATERAL (
      SELECT a.id, a.state, a.tenant, a.operator, a.connector, a.tool, a.next_attempt_at, a.authorised_at, a.expires_at,
        a.approval_id, a.digest, a.escalation, a.attempts, a.lane_seq, a.unsure, a.token AS held_by
      FROM actions a
      WHERE a.lane_id = w.lane AND a.state IN ('queued', 'running', 'indeterminate') AND a.lane_seq IS NOT NULL
      ORDER BY a.lane_seq LIMIT 1
    ) h ON true
  ), judged AS MATERIALIZED (
    SELECT h.token, h.id, h.connector, h.next_attempt_at, h.lane_seq, h.attempts,
      CASE
        WHEN h.id IS NULL THEN 'empty'
        -- The same token asks again where the answer to its claim was lost: it is told what it has.
        WHEN h.state = 'running' AND h.held_by = h.token THEN 'mine'
        WHEN h.state = 'running' THEN 'busy'
        WHEN h.state = 'indeterminate' THEN 'indeterminate'
        WHEN h.connector <> h.wanted THEN 'foreign'
        WHEN h.expires_at <= clock_timestamp() AND NOT h.unsure THEN 'expired'
        WHEN h.next_attempt_at > clock_timestamp() THEN 'waiting'
        WHEN v_freezes AND action_frozen(h.tenant, h.operator, h.connector, h.tool) THEN 'frozen'
        -- One that may have happened is found out; scored again it might end as if it had not.
        WHEN NOT h.unsure AND (h.authorised_at IS NULL
          OR h.authorised_at < clock_timestamp() - p_authorised_max_seconds * interval '1 second') THEN 'stale'
        WHEN NOT h.unsure AND v_freezes
          AND freeze_lifted_since(h.tenant, h.operator, h.connector, h.tool, h.authorised_at) THEN 'stale'
        WHEN h.escalation ->> 'mode' = 'hold' AND NOT approval_covers(h.approval_id, h.id, h.digest, h.attempts) THEN 'unauthorised'
        ELSE 'claim'
      END AS verdict
    FROM heads h
  )
  SELECT jsonb_agg(to_jsonb(j)) INTO v_heads FROM judged j;

  -- One token a head, whoever else asked for it in this batch.
  SELECT jsonb_object_agg(w.id, to_jsonb(w)), array_agg(w.id ORDER BY w.id) INTO v_wanted, v_ids
  FROM (
    SELECT DISTINCT ON (id) * FROM jsonb_to_recordset(v_heads)
      AS h (id uuid, token uuid, verdict text, lane_seq bigint, attempts integer)
    WHERE verdict = 'claim' ORDER BY id, token
  ) w;
  IF v_ids IS NOT NULL THEN
    PERFORM 1 FROM actions a WHERE a.id = ANY (v_ids) ORDER BY a.id FOR UPDATE;
    WITH moved AS (
      UPDATE actions a SET state = 'running', attempts = a.attempts + 1, worker = p_worker,
        token = (v_wanted -> a.id::text ->> 'token')::uuid,
        next_attempt_at = NULL, started_at = clock_timestamp(), updated_at = clock_timestamp()
      -- Queued again is not queued still: meanwhile it may have run and backed off, or left the lane and joined its tail.
      WHERE a.id = ANY (v_ids) AND (a.state = 'queued') IS TRUE
        AND a.lane_seq = (v_wanted -> a.id::text ->> 'lane_seq')::bigint
        AND a.attempts = (v_wanted -> a.id::text ->> 'attempts')::integer
      RETURNING a.id, a.approval_id, claimed_action(a) AS claimed
    )
    SELECT jsonb_object_agg(m.id, m.claimed), array_agg(m.id), array_agg(m.approval_id) FILTER (WHERE m.approval_id IS NOT NULL)
    INTO v_claimed, v_ids, v_approvals FROM moved m;
  END IF;
  IF v_approvals IS NOT NULL THEN
    UPDATE approvals p SET spent_at = clock_timestamp()
    WHERE p.id = ANY (v_approvals) AND p.status = 'granted' AND p.spent_at IS NULL;
  END IF;
  IF v_ids IS NOT NULL THEN
    PERFORM receipt_actions(v_ids, 'intent', p_actor);
  END IF;

  IF v_heads @> '[{"verdict": "expired"}]' OR v_heads @> '[{"verdict": "stale"}]' THEN
    v_aside := executor_put_aside(
      (SELECT jsonb_object_agg(h ->> 'id', h) FROM jsonb_array_elements(v_heads) h WHERE h ->> 'verdict' = 'expired'),
      (SELECT jsonb_object_agg(h ->> 'id', h) FROM jsonb_array_elements(v_heads) h WHERE h ->> 'verdict' = 'stale'),
      p_authorised_max_seconds, p_actor);
  END IF;

  IF v_heads @> '[{"verdict": "mine"}]' THEN
    SELECT coalesce(v_claimed, '{}') || jsonb_object_agg(a.id, claimed_action(a)) INTO v_claimed FROM actions a
    WHERE a.id = ANY (ARRAY(SELECT (h ->> 'id')::uuid FROM jsonb_array_elements(v_heads) h WHERE h ->> 'verdict' = 'mine'));
  END IF;

  RETURN QUERY
  SELECT h.token,
    CASE
      WHEN v_claimed -> h.id::text ->> 'token' = h.token::text THEN 'claimed'
      WHEN h.id = ANY (v_aside) THEN 'aside'
      WHEN h.verdict IN ('claim', 'mine', 'expired', 'stale') THEN 'again'
      ELSE h.verdict
    END,
    h.connector,
    CASE WHEN h.verdict = 'waiting' THEN greatest(0, extract(epoch FROM h.next_attempt_at - clock_timestamp()) * 1000)::bigint END,
    CASE WHEN v_claimed -> h.id::text ->> 'token' = h.token::text THEN v_claimed -> h.id::text END
  FROM jsonb_to_recordset(v_heads) AS h (token uuid, id uuid, verdict text, connector text, next_attempt_at timestamptz);
END $$;

-- Claims reads: no lane, no order, no approval. Returns those that may run; of the others there is nothing to say.
--   p_reads: { <action>: <token> }
CREATE FUNCTION executor_claim_reads(p_reads jsonb, p_worker uuid, p_actor text)
RETURNS TABLE (action uuid, claimed jsonb) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
  v_wanted uuid[] := ARRAY(SELECT k::uuid FROM jsonb_object_keys(p_reads) AS k ORDER BY 1);
  v_claimed jsonb;
  v_ids uuid[];
  v_freezes boolean := freezes_matter(0);
BEGIN
  PERFORM executor_put_aside(
    (SELECT jsonb_object_agg(a.id, jsonb_build_object('lane_seq', a.lane_seq, 'attempts', a.attempts)) FROM actions a
     WHERE a.id = ANY (v_wanted) AND (a.state = 'queued') IS TRUE AND a.risk = 'read' AND a.expires_at <= clock_timestamp()),
    NULL, 0, p_actor);
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
CREATE FUNCTION executor_flush(p_finishes jsonb, p_claims jsonb, p_reads jsonb, p_worker uuid, p_authorised_max_seconds integer)
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
      FROM executor_claim_reads(p_reads, p_worker, v_actor) r;
  END IF;
END $$;

-- Heads that may not run now: past their plan's end they expire; authorised too long ago they are scored again. Returns the
-- ids that moved. What was judged is judged again under the row's lock: meanwhile it may have run and be unsure, or have
-- been authorised anew.
--   p_expired, p_stale: { <action>: { lane_seq, attempts } }, as they were judged
CREATE FUNCTION executor_put_aside(p_expired jsonb, p_stale jsonb, p_authorised_max_seconds integer, p_actor text)
RETURNS uuid[] LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  v_ids uuid[] := ARRAY(SELECT k::uuid FROM jsonb_object_keys(coalesce(p_expired, '{}') || coalesce(p_stale, '{}')) AS k ORDER BY 1);
  v_expired uuid[];
  v_stale uuid[];
BEGIN
  PERFORM 1 FROM actions a WHERE a.id = ANY (v_ids) ORDER BY a.id FOR UPDATE;
  IF p_expired IS NOT NULL THEN
    WITH moved AS (
      UPDATE actions a SET state = 'expired', updated_at = clock_timestamp(), next_attempt_at = NULL,
        error = 'the plan expired before this action was claimed'
      WHERE a.id = ANY (v_ids) AND p_expired ? a.id::text AND (a.state = 'queued') IS TRUE
        AND as_judged(a.lane_seq, a.attempts, p_expired -> a.id::text)
        AND a.expires_at <= clock_timestamp() AND NOT a.unsure
      RETURNING a.id
    )
    SELECT array_agg(id) INTO v_expired FROM moved;
    IF v_expired IS NOT NULL THEN
      PERFORM receipt_actions(v_expired, 'outcome', p_actor);
      PERFORM announce_outcomes(v_expired);
    END IF;
  END IF;
  IF p_stale IS NOT NULL THEN
    WITH moved AS (
      -- It leaves the lane and joins the tail when it is authorised again.
      UPDATE actions a SET state = 'rescore', lane_seq = NULL, next_attempt_at = NULL, updated_at = clock_timestamp()
      WHERE a.id = ANY (v_ids) AND p_stale ? a.id::text AND (a.state = 'queued') IS TRUE
        AND as_judged(a.lane_seq, a.attempts, p_stale -> a.id::text)
        AND (a.authorised_at IS NULL
          OR a.authorised_at < clock_timestamp() - p_authorised_max_seconds * interval '1 second'
          OR freeze_lifted_since(a.tenant, a.operator, a.connector, a.tool, a.authorised_at))
        AND NOT a.unsure
      RETURNING a.id
    )
    SELECT array_agg(id) INTO v_stale FROM moved;
    IF v_stale IS NOT NULL THEN
      PERFORM receipt_actions(v_stale, 'outcome', p_actor);
    END IF;
  END IF;
  RETURN coalesce(v_expired, '{}') || coalesce(v_stale, '{}');
END $$;

-- Queued again is not queued still: whether it neither ran nor left its place since it was looked at. A read has no place.
CREATE FUNCTION as_judged(p_lane_seq bigint, p_attempts integer, p_seen jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT p_lane_seq IS NOT DISTINCT FROM (p_seen ->> 'lane_seq')::bigint AND p_attempts = (p_seen ->> 'attempts')::integer
$$;

-- Lanes whose head could be claimed now, in order of lane: what a sweep rings. Walks the lane index from head to head.
-- Also those beyond the page's end that cannot run count towards `p_limit`, so the caller goes on from the last `lane_id` seen.
CREATE FUNCTION executor_sweep_lanes(p_after bigint, p_limit integer, p_min_age_ms integer)
RETURNS TABLE (lane_id bigint, runnable boolean, tenant text, entity_key text, connector text) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
#variable_conflict use_column
DECLARE
  v_freezes boolean := freezes_matter(0);
BEGIN
  RETURN QUERY
  WITH RECURSIVE heads AS (
    (SELECT a.lane_id, a.id, a.state, a.tenant, a.operator, a.entity_key, a.connector, a.tool, a.next_attempt_at, a.updated_at
     FROM actions a
     WHERE a.lane_id > p_after AND a.state IN ('queued', 'running', 'indeterminate') AND a.lane_seq IS NOT NULL
     ORDER BY a.lane_id, a.lane_seq LIMIT 1)
    UNION ALL
    SELECT n.* FROM heads h CROSS JOIN LATERAL (
      SELECT a.lane_id, a.id, a.state, a.tenant, a.operator, a.entity_key, a.connector, a.tool, a.next_attempt_at, a.updated_at
      FROM actions a
      WHERE a.lane_id > h.lane_id AND a.state IN ('queued', 'running', 'indeterminate') AND a.lane_seq IS NOT NULL
      ORDER BY a.lane_id, a.lane_seq LIMIT 1) n
  ), page AS MATERIALIZED (SELECT * FROM heads LIMIT p_limit)
  SELECT p.lane_id,
    p.state = 'queued' AND p.updated_at <= clock_timestamp() - p_min_age_ms * interval '1 millisecond'
      AND (p.next_attempt_at IS NULL OR p.next_attempt_at <= clock_timestamp())
      AND NOT (v_freezes AND action_frozen(p.tenant, p.operator, p.connector, p.tool)),
    p.tenant, p.entity_key, p.connector
  FROM page p;
END $$;

CREATE FUNCTION action_frozen(p_tenant text, p_operator text, p_connector text, p_tool text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT 1 FROM freezes f WHERE f.lifted_at IS NULL AND f.tenant = p_tenant
      AND (f.operator IS NULL OR f.operator = p_operator) AND (f.connector IS NULL OR f.connector = p_connector)
      AND (f.tool IS NULL OR f.tool = p_tool))
$$;

-- An authorisation from before a freeze over it was lifted does not hold any more.
CREATE FUNCTION freeze_lifted_since(p_tenant text, p_operator text, p_connector text, p_tool text, p_authorised_at timestamptz)
RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT 1 FROM freezes f WHERE f.lifted_at > p_authorised_at AND f.tenant = p_tenant
      AND (f.operator IS NULL OR f.operator = p_operator) AND (f.connector IS NULL OR f.connector = p_connector)
      AND (f.tool IS NULL OR f.tool = p_tool))
$$;

-- Whether any freeze stands, or was lifted while an authorisation that is still young enough may have been given before.
CREATE FUNCTION freezes_matter(p_authorised_max_seconds integer) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM freezes f WHERE f.lifted_at IS NULL)
    OR EXISTS (SELECT 1 FROM freezes f WHERE f.lifted_at > clock_timestamp() - p_authorised_max_seconds * interval '1 second')
$$;

-- Whether an attempt may still send, as it would be asked at a claim: it had to find something out first.
CREATE FUNCTION still_authorised(p_action uuid, p_token uuid, p_authorised_max_seconds integer) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT 1 FROM actions a
    WHERE a.id = p_action AND a.state = 'running' AND a.token = p_token
      AND (a.expires_at IS NULL OR a.expires_at > clock_timestamp())
      AND a.authorised_at >= clock_timestamp() - p_authorised_max_seconds * interval '1 second'
      AND NOT action_frozen(a.tenant, a.operator, a.connector, a.tool)
      AND NOT freeze_lifted_since(a.tenant, a.operator, a.connector, a.tool, a.authorised_at))
$$;

-- A grant is bound to its action and digest and spent once: only a later attempt of the same action may find it spent.
CREATE FUNCTION approval_covers(p_approval uuid, p_action uuid, p_digest text, p_attempts integer) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT 1 FROM approvals p WHERE p.id = p_approval AND p.action = p_action AND p.status = 'granted' AND p.digest = p_digest
      AND (p.spent_at IS NULL OR p_attempts > 0))
$$;

CREATE FUNCTION iso_time(p_at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT to_char(p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO holdpoint_service;
