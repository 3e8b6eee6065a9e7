-- What people may say of an approval besides yes and no, and what time does to it: several denials, votes taken back, comments,
-- reminders, and a second audience once the first has been silent for too long.

ALTER TABLE approvals ADD COLUMN denials smallint NOT NULL DEFAULT 1 CHECK (denials BETWEEN 1 AND 20);
ALTER TABLE approvals ADD COLUMN remind_every_seconds integer CHECK (remind_every_seconds >= 60);
ALTER TABLE approvals ADD COLUMN next_reminder_at timestamptz;
ALTER TABLE approvals ADD COLUMN reminders smallint NOT NULL DEFAULT 0;
ALTER TABLE approvals ADD COLUMN escalates_at timestamptz;
ALTER TABLE approvals ADD COLUMN escalated_at timestamptz;
COMMENT ON COLUMN approvals.denials IS 'how many denials deny it';
COMMENT ON COLUMN approvals.next_reminder_at IS 'null: nobody is reminded any more';
COMMENT ON COLUMN approvals.escalates_at IS 'when the next of its requirements is to be opened to another audience; null: none is';
COMMENT ON COLUMN approvals.escalated_at IS 'when one was last opened';
COMMENT ON COLUMN approvals.requirements IS '`escalate`: still to come; `also`: who may vote in its place since it came';
CREATE INDEX approvals_to_remind ON approvals (next_reminder_at) WHERE status = 'pending' AND next_reminder_at IS NOT NULL;
CREATE INDEX approvals_to_escalate ON approvals (escalates_at) WHERE status = 'pending' AND escalates_at IS NOT NULL;

-- The one place that says when. Stable, since intervals are added to times.
CREATE FUNCTION next_escalation(p_requirements jsonb, p_asked_at timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT min(p_asked_at + (r -> 'escalate' ->> 'after_seconds')::integer * interval '1 second')
  FROM jsonb_array_elements(p_requirements) AS r WHERE r ? 'escalate'
$$;

ALTER TABLE votes ADD COLUMN name text;
COMMENT ON COLUMN votes.name IS 'what the person was called then: for people to read, decides nothing';
COMMENT ON COLUMN votes.audiences IS
  'those of the required audiences that the voter filled a place of when voting, as a member or of one that it was opened to';
-- A vote is taken back by its own person before the decision; the receipts keep that there was one.
GRANT DELETE ON votes TO holdpoint_service;

CREATE TABLE approval_comments (
  id        uuid PRIMARY KEY,
  approval  uuid NOT NULL REFERENCES approvals (id),
  principal text NOT NULL,
  name      text,
  text      text NOT NULL,
  at        timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX approval_comments_of ON approval_comments (approval, id);
GRANT SELECT, INSERT ON approval_comments TO holdpoint_service;

REVOKE EXECUTE ON FUNCTION next_escalation(jsonb, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION next_escalation(jsonb, timestamptz) TO holdpoint_service;
