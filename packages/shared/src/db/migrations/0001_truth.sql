-- The truth: plans, actions, lanes, approvals, votes, receipts, outbox, workers, freezes, apps.
-- No index leads with tenant: it has few values, and the planner flips to such an index when statistics are young.

DO $$
BEGIN
  CREATE ROLE holdpoint_service NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

-- Time-ordered ids for rows that the database itself writes (RFC 9562, version 7).
CREATE FUNCTION uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
        FROM 1 FOR 6),
      52, 1), 53, 1), 'hex')::uuid
$$;

CREATE TABLE plans (
  id           uuid PRIMARY KEY,
  tenant       text NOT NULL,
  operator     text NOT NULL,
  plan_id      text NOT NULL,
  body_digest  text NOT NULL,
  event_id     text,
  env          jsonb NOT NULL,
  agent        text,
  on_behalf_of text,
  session_id   text,
  requester    text NOT NULL,
  expires_at   timestamptz,
  trace_id     text,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX plans_identity ON plans (plan_id, operator, tenant);
COMMENT ON COLUMN plans.env IS 'the event as the evaluator saw it: scoring again and replay use only this';
COMMENT ON COLUMN plans.requester IS 'principal that proposed: operator|<name> over NATS, the app or person over HTTP';

-- Serves one purpose: its row lock orders the numbers of one entity's lane.
CREATE TABLE lanes (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant     text NOT NULL,
  entity_key text NOT NULL,
  next_seq   bigint NOT NULL
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX lanes_entity ON lanes (entity_key, tenant);

CREATE TABLE actions (
  id              uuid PRIMARY KEY,
  plan            uuid NOT NULL REFERENCES plans (id),
  plan_id         text NOT NULL,
  index           integer NOT NULL,
  tenant          text NOT NULL,
  operator        text NOT NULL,
  connector       text NOT NULL,
  tool            text NOT NULL,
  risk            text CHECK (risk IN ('read', 'write', 'destructive')),
  args            jsonb NOT NULL,
  value           double precision,
  entity_key      text,
  idempotency_key text,
  proposed        jsonb,
  proposed_digest text NOT NULL,
  digest          text NOT NULL,
  decision        text NOT NULL CHECK (decision IN ('ALLOW', 'ALERT', 'BLOCK')),
  reasons         jsonb NOT NULL,
  matched         jsonb NOT NULL,
  policy_version  text NOT NULL,
  escalation      jsonb,
  decided_at      timestamptz NOT NULL,
  state           text NOT NULL CHECK (state IN ('blocked', 'held', 'rescore', 'queued', 'running', 'applied', 'failed',
                    'indeterminate', 'denied', 'expired', 'cancelled', 'duplicate')),
  duplicate_of    uuid,
  approval_id     uuid,
  lane_id         bigint,
  lane_seq        bigint,
  attempts        integer NOT NULL DEFAULT 0,
  worker          uuid,
  token           uuid,
  expires_at      timestamptz,
  authorised_at   timestamptz,
  next_attempt_at timestamptz,
  started_at      timestamptz,
  result          jsonb,
  error           text,
  agent           text,
  on_behalf_of    text,
  event_id        text,
  trace_id        text,
  created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (state <> 'duplicate' OR duplicate_of IS NOT NULL),
  CHECK (state <> 'running' OR (token IS NOT NULL AND worker IS NOT NULL)),
  CHECK ((lane_seq IS NULL) OR (lane_id IS NOT NULL))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
COMMENT ON COLUMN actions.proposed IS 'the line as proposed, kept where parsing changed or refused it';
COMMENT ON COLUMN actions.lane_seq IS 'place in the lane; null: reads, held actions, and heads that left the lane';

CREATE UNIQUE INDEX actions_of_plan ON actions (plan, index);
-- Idempotency: one live claim a key. The states are CLAIMING_STATES of domain/lifecycle.ts.
CREATE UNIQUE INDEX actions_key_claim ON actions (idempotency_key, tenant)
  WHERE state IN ('held', 'rescore', 'queued', 'running', 'applied', 'indeterminate', 'denied')
    AND idempotency_key IS NOT NULL AND risk <> 'read';
-- Single-flight: at most one side effect in flight an entity, whatever the processes do.
CREATE UNIQUE INDEX actions_single_flight ON actions (lane_id)
  WHERE state = 'running' AND lane_seq IS NOT NULL;
-- The lane itself. The states are LANE_STATES of domain/lifecycle.ts.
CREATE UNIQUE INDEX actions_lane ON actions (lane_id, lane_seq)
  WHERE state IN ('queued', 'running', 'indeterminate') AND lane_seq IS NOT NULL;
CREATE INDEX actions_backing_off ON actions (next_attempt_at) WHERE state = 'queued' AND next_attempt_at IS NOT NULL;
CREATE INDEX actions_reads ON actions (id) WHERE state = 'queued' AND lane_seq IS NULL;
CREATE INDEX actions_running ON actions (worker) WHERE state = 'running';
CREATE INDEX actions_duplicates ON actions (duplicate_of) WHERE duplicate_of IS NOT NULL;
-- Lists by state; the states through which everything passes are left out, for they are found by id.
CREATE INDEX actions_rare_states ON actions (state, id)
  WHERE state IN ('blocked', 'held', 'rescore', 'failed', 'indeterminate', 'denied', 'expired', 'cancelled');
CREATE INDEX actions_entity ON actions (entity_key, id) WHERE entity_key IS NOT NULL;

-- The edges of domain/lifecycle.ts, so that no statement of any service can write another.
CREATE FUNCTION action_edge_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT (CASE OLD.state
    WHEN 'held' THEN NEW.state IN ('rescore', 'denied', 'expired', 'cancelled')
    WHEN 'rescore' THEN NEW.state IN ('queued', 'held', 'blocked')
    WHEN 'queued' THEN NEW.state IN ('running', 'rescore', 'cancelled', 'expired')
    WHEN 'running' THEN NEW.state IN ('applied', 'failed', 'indeterminate', 'queued')
    WHEN 'indeterminate' THEN NEW.state IN ('applied', 'failed', 'queued')
    ELSE false
  END) THEN
    RAISE EXCEPTION 'an action cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'HP001';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER actions_edge BEFORE UPDATE OF state ON actions FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION action_edge_guard();

CREATE TABLE approvals (
  id            uuid PRIMARY KEY,
  tenant        text NOT NULL,
  status        text NOT NULL CHECK (status IN ('pending', 'granted', 'denied', 'expired', 'cancelled')),
  action        uuid REFERENCES actions (id),
  plan_id       text,
  digest        text,
  connector     text,
  tool          text,
  args          jsonb NOT NULL,
  value         double precision,
  entity_key    text,
  risk          text,
  urgency       text NOT NULL CHECK (urgency IN ('low', 'medium', 'high')),
  reason        text NOT NULL,
  subject       text,
  operator      text NOT NULL,
  agent         text,
  on_behalf_of  text,
  session_id    text,
  requester     text NOT NULL,
  requirements  jsonb NOT NULL,
  mode          text NOT NULL CHECK (mode IN ('hold', 'alongside')),
  self_approval boolean NOT NULL,
  expires_at    timestamptz NOT NULL,
  spent_at      timestamptz,
  trace_id      text,
  created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  decided_at    timestamptz
);
COMMENT ON COLUMN approvals.args IS 'as people see them: secrets masked';
-- One open question an action.
CREATE UNIQUE INDEX approvals_open ON approvals (action) WHERE status = 'pending' AND action IS NOT NULL;
CREATE INDEX approvals_due ON approvals (expires_at) WHERE status = 'pending';
CREATE INDEX approvals_by_status ON approvals (status, id);
CREATE INDEX approvals_of_action ON approvals (action) WHERE action IS NOT NULL;

CREATE TABLE votes (
  approval  uuid NOT NULL REFERENCES approvals (id),
  principal text NOT NULL,
  vote      text NOT NULL CHECK (vote IN ('approve', 'deny')),
  audiences jsonb NOT NULL,
  comment   text,
  at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (approval, principal)
);
COMMENT ON COLUMN votes.audiences IS 'those of the required audiences that the voter belonged to when voting';

CREATE TABLE freezes (
  id         uuid PRIMARY KEY,
  tenant     text NOT NULL,
  operator   text,
  connector  text,
  tool       text,
  reason     text NOT NULL,
  frozen_by  text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  lifted_at  timestamptz,
  lifted_by  text
);
CREATE INDEX freezes_open ON freezes (id) WHERE lifted_at IS NULL;
CREATE INDEX freezes_lifted ON freezes (lifted_at) WHERE lifted_at IS NOT NULL;

CREATE TABLE workers (
  id           uuid PRIMARY KEY,
  service      text NOT NULL,
  started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

CREATE TABLE apps (
  id         text PRIMARY KEY,
  tenant     text NOT NULL,
  key_hash   text NOT NULL UNIQUE,
  scopes     jsonb NOT NULL,
  operators  jsonb,
  audiences  jsonb NOT NULL DEFAULT '[]',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  revoked_at timestamptz
);
COMMENT ON COLUMN apps.operators IS 'operators it may propose as; null: any of its tenant';

-- For commitments of secret arguments. Only through the function: a salt is made once and never changed or listed.
CREATE TABLE tenant_salts (
  tenant     text PRIMARY KEY,
  salt       text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE FUNCTION tenant_salt(p_tenant text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_salt text;
BEGIN
  INSERT INTO tenant_salts (tenant, salt)
  VALUES (p_tenant, encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'hex'))
  ON CONFLICT DO NOTHING;
  SELECT salt INTO v_salt FROM tenant_salts WHERE tenant = p_tenant;
  RETURN v_salt;
END $$;

CREATE TABLE outbox (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  messages   jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
COMMENT ON COLUMN outbox.messages IS '[{ subject, id, headers?, body }]: published, acknowledged, then the row is deleted';

CREATE TABLE receipts (
  id              uuid NOT NULL,
  at              timestamptz NOT NULL DEFAULT clock_timestamp(),
  tenant          text NOT NULL,
  kind            text NOT NULL CHECK (kind IN ('decision', 'approval', 'intent', 'outcome', 'settlement',
                    'policy_change', 'freeze', 'override', 'webhook_received')),
  plan            uuid,
  action          uuid,
  event           text,
  operator        text,
  agent           text,
  on_behalf_of    text,
  actor           text NOT NULL,
  connector       text,
  tool            text,
  entity_key      text,
  idempotency_key text,
  digest          text,
  decision        text,
  reasons         jsonb,
  matched         jsonb,
  policy_version  text,
  outcome         text,
  error           text,
  attempt         integer,
  trace_id        text,
  PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
CREATE INDEX receipts_of_action ON receipts (action, id) WHERE action IS NOT NULL;
CREATE TABLE receipts_default PARTITION OF receipts DEFAULT;

CREATE FUNCTION receipts_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'receipts are append-only' USING ERRCODE = 'HP002';
END $$;
CREATE TRIGGER receipts_no_change BEFORE UPDATE OR DELETE ON receipts FOR EACH ROW EXECUTE FUNCTION receipts_are_append_only();
CREATE TRIGGER receipts_no_truncate BEFORE TRUNCATE ON receipts FOR EACH STATEMENT EXECUTE FUNCTION receipts_are_append_only();
CREATE TRIGGER receipts_no_truncate BEFORE TRUNCATE ON receipts_default FOR EACH STATEMENT EXECUTE FUNCTION receipts_are_append_only();

-- Makes the partitions of this month and the next ones. Runs as its owner, for the services may not create tables.
CREATE FUNCTION ensure_receipt_partitions(p_months_ahead integer DEFAULT 3) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_from date;
  v_name text;
  v_made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('holdpoint.receipt_partitions'));
  FOR i IN 0 .. least(p_months_ahead, 24) LOOP
    v_from := (date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') + make_interval(months => i))::date;
    v_name := 'receipts_' || to_char(v_from, 'YYYY_MM');
    IF to_regclass(v_name) IS NULL THEN
      EXECUTE format('CREATE TABLE %I PARTITION OF receipts FOR VALUES FROM (%L) TO (%L)', v_name,
        v_from::timestamp AT TIME ZONE 'UTC', (v_from + interval '1 month')::timestamp AT TIME ZONE 'UTC');
      EXECUTE format('CREATE TRIGGER receipts_no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT
        EXECUTE FUNCTION receipts_are_append_only()', v_name);
      v_made := v_made + 1;
    END IF;
  END LOOP;
  RETURN v_made;
END $$;
SELECT ensure_receipt_partitions();

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO holdpoint_service;
GRANT SELECT, INSERT ON plans, votes, receipts TO holdpoint_service;
GRANT SELECT, INSERT, UPDATE ON lanes, actions, approvals, freezes TO holdpoint_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON workers, outbox TO holdpoint_service;
GRANT SELECT ON apps TO holdpoint_service;
