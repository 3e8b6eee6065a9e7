-- Which policies of a tenant are in force, as the evaluators last announced them: the row that one of several wins writes the
-- receipt of the change.

CREATE TABLE policy_sets (
  tenant     text PRIMARY KEY,
  version    text NOT NULL,
  policies   jsonb NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN policy_sets.policies IS 'the compiled list as GET /v1/policies shows it';
GRANT SELECT, INSERT, UPDATE ON policy_sets TO holdpoint_service;

CREATE INDEX receipts_policy_changes ON receipts (at, id) WHERE kind = 'policy_change';
