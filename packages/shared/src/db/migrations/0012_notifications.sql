-- Who is told of an approval: one row a notice and channel, which is what makes a second one impossible.

CREATE TABLE notifications (
  id         uuid PRIMARY KEY,
  tenant     text NOT NULL,
  approval   uuid NOT NULL REFERENCES approvals (id),
  channel    text NOT NULL,
  notice     text COLLATE "C" NOT NULL,
  state      text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'sent', 'failed', 'skipped')),
  attempts   integer NOT NULL DEFAULT 0,
  due_at     timestamptz DEFAULT clock_timestamp(),
  lease      uuid,
  receipt    jsonb,
  error      text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at   timestamptz,
  CHECK ((state = 'due') = (due_at IS NOT NULL)),
  UNIQUE (approval, channel, notice)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON COLUMN notifications.notice IS 'requested, reminded:<n>, escalated, or how the approval ended';
COMMENT ON COLUMN notifications.due_at IS 'when it is to be sent; while it is being sent, when its sender is taken for dead';
COMMENT ON COLUMN notifications.lease IS 'the sending under way; null: nobody sends it';
COMMENT ON COLUMN notifications.receipt IS 'what the receiver calls it, where a later notice needs that';
CREATE INDEX notifications_due ON notifications (due_at) WHERE state = 'due';
-- What people look for. What was sent is found by its age.
CREATE INDEX notifications_unsent ON notifications (state, id) WHERE state IN ('failed', 'skipped');
CREATE INDEX notifications_ended ON notifications (ended_at) WHERE ended_at IS NOT NULL;

-- Those whose receiver said that it is gone for good, until the channel leads elsewhere or somebody retries.
CREATE TABLE disabled_channels (
  tenant      text NOT NULL,
  channel     text NOT NULL,
  target      text NOT NULL,
  disabled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (channel, tenant)
);
COMMENT ON COLUMN disabled_channels.target IS 'digest of where it led';

GRANT SELECT, INSERT, UPDATE, DELETE ON notifications, disabled_channels TO holdpoint_service;

-- Where the sweep looks for endings of which nobody was told.
CREATE INDEX approvals_decided ON approvals (decided_at) WHERE decided_at IS NOT NULL;
