-- The same flush for less of the database's processor: text where jsonb was taken apart and put together again at every step,
-- arrays where each row was looked up in a document, one look at each row where there were three.

-- Written once and read once. As jsonb a fact was copied as often as it lay in something else.
ALTER TABLE outbox ALTER COLUMN messages TYPE json USING messages::json;

-- Postgres makes them itself from version 18 on.
DO $$
BEGIN
  IF current_setting('server_version_num')::integer >= 180000 THEN
    CREATE OR REPLACE FUNCTION uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS 'SELECT uuidv7()';
  END IF;
END $$;

-- Writes one outbox row that tells what became of the given actions: a message a plan and outcome. Whoever duplicates one
-- of them is told with it, so this must be a statement of its own, after the one that moved them.
CREATE OR REPLACE FUNCTION announce_outcomes(p_actions uuid[]) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  v_at text := iso_time(clock_timestamp());
BEGIN
  INSERT INTO outbox (messages)
  WITH own AS MATERIALIZED (
    SELECT a.id, a.tenant, a.operator, a.plan, a.plan_id, a.index, a.decision, a.attempts, a.connector, a.tool, a.entity_key,
      a.idempotency_key, a.duplicate_of, a.state, a.error, a.result
    FROM actions a WHERE a.id = ANY (p_actions)
  ), told AS (
    SELECT o.*, o.state AS end_state, o.error AS end_error, o.result AS end_result FROM own o WHERE o.state <> 'duplicate'
    UNION ALL
    -- A duplicate tells its original's result under its own name: when the original ends …
    SELECT d.*, o.state, o.error, o.result
    FROM own o CROSS JOIN LATERAL (
      SELECT d.id, d.tenant, d.operator, d.plan, d.plan_id, d.index, d.decision, d.attempts, d.connector, d.tool, d.entity_key,
        d.idempotency_key, d.duplicate_of, d.state, d.error, d.result
      FROM actions d WHERE d.duplicate_of = o.id AND d.state = 'duplicate' OFFSET 0) d
    UNION ALL
    -- … or at once, where it had ended before.
    SELECT o.*, a.state, a.error, a.result
    FROM own o CROSS JOIN LATERAL (SELECT a.state, a.error, a.result FROM actions a WHERE a.id = o.duplicate_of OFFSET 0) a
    WHERE o.state = 'duplicate'
  ), facts AS MATERIALIZED (
    SELECT uuid_v7() AS id, grouped.*
    FROM (
      SELECT t.tenant, t.operator, t.plan, t.plan_id, t.state AS outcome,
        json_agg((
          '{' || CASE WHEN t.state = 'duplicate' THEN '"duplicate_of":' || to_json(t.duplicate_of) || ',' ELSE '' END
          -- A plan has up to 100 lines and a message up to a megabyte: what is larger stays in its row, for the API to show.
          || CASE WHEN t.end_error IS NULL THEN '' ELSE '"error":' || to_json(left(t.end_error, 512)) || ',' END
          || CASE WHEN t.end_result IS NULL OR octet_length(t.end_result::text) > 4096 THEN ''
             ELSE '"result":' || t.end_result::text || ',' END
          -- What every fact has, behind its brace.
          || substr(json_build_object(
            'action_id', t.id, 'plan_id', t.plan_id, 'index', t.index, 'outcome', t.state, 'ok', t.end_state = 'applied',
            'decision', t.decision, 'attempts', t.attempts, 'at', v_at, 'connector', t.connector,
            'tool', t.tool, 'entity_key', t.entity_key, 'idempotency_key', t.idempotency_key)::text, 2)
          )::json ORDER BY t.index) AS items
      FROM told t
      GROUP BY t.tenant, t.operator, t.plan, t.plan_id, t.state
    ) grouped
  )
  SELECT json_agg(json_build_object(
    'subject', 'outcomes.' || f.tenant || '.' || f.outcome || '.' || f.operator,
    'id', f.id,
    'body', json_build_object('id', f.id, 'tenant', f.tenant, 'operator', f.operator, 'plan_id', f.plan_id,
      'items', f.items)))
  FROM facts f
  HAVING count(*) > 0;
END $$;

-- Ends attempts that are still owned (state running, same token). Returns the ids that moved; an absent one was fenced out,
-- and its answer is evidence, never state. The worker itself calls it (kind outcome), or the judge of a dead one (settlement).
--   p_finishes: { <action>: { token, to: applied | failed | indeterminate | queued, result?, error?, retry_in_ms?,
--     unsure?: absent leaves it as it was, kind?: of its receipt, leaves_lane?: indeterminate, it blocks nothing,
--     attempt?: which one, so that a late answer is kept } }
CREATE OR REPLACE FUNCTION executor_finish(p_finishes jsonb, p_actor text, p_kind text DEFAULT 'outcome') RETURNS uuid[] LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  v_ids uuid[];
  v_finishes jsonb[];
  v_moved uuid[];
  v_settled uuid[];
  v_others uuid[];
  v_ended uuid[];
BEGIN
  SELECT array_agg(k), array_agg(f) INTO v_ids, v_finishes
  FROM (SELECT e.k::uuid AS k, e.f FROM jsonb_each(p_finishes) AS e (k, f) ORDER BY 1) s;
  PERFORM 1 FROM actions a WHERE a.id = ANY (v_ids) ORDER BY a.id FOR UPDATE;
  WITH moved AS (
    UPDATE actions a SET (state, result, error, unsure, lane_seq, next_attempt_at) = (
        SELECT f ->> 'to', nullif(f -> 'result', 'null'), f ->> 'error',
          f ->> 'to' = 'queued' AND coalesce((f ->> 'unsure')::boolean, a.unsure),
          CASE WHEN f ->> 'to' = 'indeterminate' AND (f ->> 'leaves_lane')::boolean IS TRUE THEN NULL ELSE a.lane_seq END,
          CASE WHEN f ->> 'to' = 'queued' THEN clock_timestamp() + (f ->> 'retry_in_ms')::bigint * interval '1 millisecond' END
        FROM (SELECT v_finishes[array_position(v_ids, a.id)] AS f OFFSET 0) s),
      worker = NULL, token = NULL, updated_at = clock_timestamp()
    WHERE a.id = ANY (v_ids) AND (a.state = 'running') IS TRUE
      AND a.token = (v_finishes[array_position(v_ids, a.id)] ->> 'token')::uuid
    RETURNING a.id, a.state, coalesce(v_finishes[array_position(v_ids, a.id)] ->> 'kind', p_kind) = 'settlement' AS settled
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
  IF coalesce(cardinality(v_moved), 0) < coalesce(cardinality(v_ids), 0) THEN
    PERFORM receipt_late_answers(p_finishes, v_moved, p_actor);
  END IF;
  RETURN coalesce(v_moved, '{}');
END $$;

-- Looks at the heads of lanes and claims those that may run. One row a token that asked:
--   claimed    the action is running under that token; its intent receipt is written
--   aside      the head was put aside (expired, to be scored again): there may be another
--   again      it changed under our eyes: look again
--   empty | busy (running) | indeterminate | foreign (another connector's) | waiting (backing off) | frozen | unauthorised
-- `connector` is the head's. Two that ask for one lane are told apart by their tokens: at most one is told `claimed`.
--   p_claims: [{ lane, connector, token }]
CREATE OR REPLACE FUNCTION executor_claim(p_claims jsonb, p_worker uuid, p_actor text, p_authorised_max_seconds integer)
RETURNS TABLE (token uuid, verdict text, connector text, wait_ms bigint, claimed jsonb) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
  -- What was found, a place for each that asked.
  v_tokens uuid[];
  v_heads uuid[];
  v_verdicts text[];
  v_connectors text[];
  v_seqs bigint[];
  v_attempts integer[];
  v_due timestamptz[];
  -- What is to be claimed, a place for each head.
  v_ids uuid[];
  v_id_tokens uuid[];
  v_id_seqs bigint[];
  v_id_attempts integer[];
  v_claimed jsonb[];
  v_claimed_tokens uuid[];
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
  ), judged AS (
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
        -- IS TRUE: what follows an unknown is asked too, and nearly all have no escalation.
        WHEN (h.escalation ->> 'mode' = 'hold') IS TRUE
          AND NOT approval_covers(h.approval_id, h.id, h.digest, h.attempts) THEN 'unauthorised'
        ELSE 'claim'
      END AS verdict
    FROM heads h
  )
  SELECT array_agg(j.token), array_agg(j.id), array_agg(j.verdict), array_agg(j.connector), array_agg(j.lane_seq),
    array_agg(j.attempts), array_agg(j.next_attempt_at)
  INTO v_tokens, v_heads, v_verdicts, v_connectors, v_seqs, v_attempts, v_due FROM judged j;

  -- One token a head, whoever else asked for it in this batch.
  SELECT array_agg(w.id), array_agg(w.token), array_agg(w.lane_seq), array_agg(w.attempts)
  INTO v_ids, v_id_tokens, v_id_seqs, v_id_attempts
  FROM (
    SELECT DISTINCT ON (h.id) h.*
    FROM unnest(v_tokens, v_heads, v_verdicts, v_seqs, v_attempts) AS h (token, id, verdict, lane_seq, attempts)
    WHERE h.verdict = 'claim' ORDER BY h.id, h.token
  ) w;
  IF v_ids IS NOT NULL THEN
    PERFORM 1 FROM actions a WHERE a.id = ANY (v_ids) ORDER BY a.id FOR UPDATE;
    WITH moved AS (
      UPDATE actions a SET state = 'running', attempts = a.attempts + 1, worker = p_worker,
        token = v_id_tokens[array_position(v_ids, a.id)],
        next_attempt_at = NULL, started_at = clock_timestamp(), updated_at = clock_timestamp()
      -- Queued again is not queued still: meanwhile it may have run and backed off, or left the lane and joined its tail.
      WHERE a.id = ANY (v_ids) AND (a.state = 'queued') IS TRUE
        AND a.lane_seq = v_id_seqs[array_position(v_ids, a.id)]
        AND a.attempts = v_id_attempts[array_position(v_ids, a.id)]
      RETURNING a.id, a.approval_id, a.token, claimed_action(a) AS claimed
    )
    SELECT array_agg(m.id), array_agg(m.token), array_agg(m.claimed), array_agg(m.approval_id) FILTER (WHERE m.approval_id IS NOT NULL)
    INTO v_ids, v_claimed_tokens, v_claimed, v_approvals FROM moved m;
  END IF;
  IF v_approvals IS NOT NULL THEN
    UPDATE approvals p SET spent_at = clock_timestamp()
    WHERE p.id = ANY (v_approvals) AND p.status = 'granted' AND p.spent_at IS NULL;
  END IF;
  IF v_ids IS NOT NULL THEN
    PERFORM receipt_actions(v_ids, 'intent', p_actor);
  END IF;

  IF 'expired' = ANY (v_verdicts) OR 'stale' = ANY (v_verdicts) THEN
    SELECT executor_put_aside(
      jsonb_object_agg(h.id, jsonb_build_object('lane_seq', h.lane_seq, 'attempts', h.attempts)) FILTER (WHERE h.verdict = 'expired'),
      jsonb_object_agg(h.id, jsonb_build_object('lane_seq', h.lane_seq, 'attempts', h.attempts)) FILTER (WHERE h.verdict = 'stale'),
      p_authorised_max_seconds, p_actor)
    INTO v_aside FROM unnest(v_heads, v_verdicts, v_seqs, v_attempts) AS h (id, verdict, lane_seq, attempts);
  END IF;

  IF 'mine' = ANY (v_verdicts) THEN
    SELECT v_claimed_tokens || array_agg(a.token), v_claimed || array_agg(claimed_action(a)) INTO v_claimed_tokens, v_claimed
    FROM actions a
    WHERE a.id = ANY (ARRAY(SELECT h.id FROM unnest(v_heads, v_verdicts) AS h (id, verdict) WHERE h.verdict = 'mine'));
  END IF;

  RETURN QUERY
  SELECT h.token,
    CASE
      WHEN c.claimed IS NOT NULL THEN 'claimed'
      WHEN h.id = ANY (v_aside) THEN 'aside'
      WHEN h.verdict IN ('claim', 'mine', 'expired', 'stale') THEN 'again'
      ELSE h.verdict
    END,
    h.connector,
    CASE WHEN h.verdict = 'waiting' THEN greatest(0, extract(epoch FROM h.due - clock_timestamp()) * 1000)::bigint END,
    c.claimed
  FROM unnest(v_tokens, v_heads, v_verdicts, v_connectors, v_due) AS h (token, id, verdict, connector, due)
  CROSS JOIN LATERAL (SELECT v_claimed[array_position(v_claimed_tokens, h.token)] AS claimed OFFSET 0) c;
END $$;
