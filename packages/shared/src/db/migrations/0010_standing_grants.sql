-- Consents that people give before they are asked. The class of a grant never changes; its uses only go down, its end is final.

CREATE TABLE standing_grants (
  id              uuid PRIMARY KEY,
  tenant          text NOT NULL,
  operator        text NOT NULL,
  connector       text NOT NULL,
  tool            text NOT NULL,
  args            jsonb NOT NULL,
  max_value       double precision,
  until           timestamptz NOT NULL,
  uses            integer NOT NULL CHECK (uses > 0),
  uses_left       integer NOT NULL CHECK (uses_left BETWEEN 0 AND uses),
  audiences       jsonb NOT NULL,
  granted_by      text NOT NULL,
  granted_by_name text NOT NULL,
  reason          text NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  revoked_at      timestamptz,
  revoked_by      text,
  last_used_at    timestamptz,
  -- A column of its own: indexes over uses_left itself would be written at every use.
  open            boolean NOT NULL GENERATED ALWAYS AS (revoked_at IS NULL AND uses_left > 0) STORED
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
COMMENT ON COLUMN standing_grants.args IS 'conditions on arguments: [{ path, equals | in | min, max }]';
COMMENT ON COLUMN standing_grants.audiences IS 'those of the granter when it was given';
CREATE INDEX standing_grants_of_class ON standing_grants (operator, connector, tool, tenant, until) WHERE open;
-- The listing walks one tenant's; of those that may be spent there are few, whatever has ended.
CREATE INDEX standing_grants_of_tenant ON standing_grants (tenant, id);
CREATE INDEX standing_grants_open ON standing_grants (tenant, until) WHERE open;

-- What was let through by which. An action spends one use of a grant, however often it is scored.
CREATE TABLE standing_grant_uses (
  standing_grant uuid NOT NULL REFERENCES standing_grants (id),
  action         uuid NOT NULL REFERENCES actions (id),
  approval       uuid NOT NULL REFERENCES approvals (id),
  uses_left      integer NOT NULL,
  at             timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (standing_grant, action)
);
COMMENT ON COLUMN standing_grant_uses.uses_left IS 'after this one';

ALTER TABLE approvals ADD COLUMN standing_grant_id uuid;
COMMENT ON COLUMN approvals.standing_grant_id IS 'nobody was asked: the grant in advance that decided it; of several, the first to end';
-- What a preview looks at: the last questions of a class.
CREATE INDEX approvals_of_class ON approvals (tool, connector, operator, tenant, id) WHERE mode = 'hold' AND action IS NOT NULL;

GRANT SELECT, INSERT ON standing_grants, standing_grant_uses TO holdpoint_service;
GRANT UPDATE (uses_left, last_used_at, revoked_at, revoked_by) ON standing_grants TO holdpoint_service;
