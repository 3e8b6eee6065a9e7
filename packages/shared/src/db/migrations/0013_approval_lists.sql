-- Lists of approvals cost what they show, whatever stands in the table: each is a walk down one index, newest first.

DROP INDEX approvals_by_status;
CREATE INDEX approvals_by_status ON approvals (status, tenant, id);
CREATE INDEX approvals_of_operator ON approvals (operator, status, tenant, id);
CREATE INDEX approvals_of_session ON approvals (session_id, tenant, id) WHERE session_id IS NOT NULL;

-- Who is asked, an audience a row: no index over the requirements themselves gives an audience's newest without reading them all.
CREATE TABLE approval_audiences (
  approval uuid NOT NULL REFERENCES approvals (id),
  audience text NOT NULL,
  tenant   text NOT NULL,
  status   text NOT NULL,
  PRIMARY KEY (approval, audience)
);
COMMENT ON TABLE approval_audiences IS 'kept by triggers of approvals; an audience that was asked once stays';
CREATE INDEX approval_audiences_newest ON approval_audiences (audience, status, tenant, approval);
GRANT SELECT ON approval_audiences TO holdpoint_service;

-- The audiences that requirements name, and those that they were opened to.
CREATE FUNCTION audiences_of(p_requirements jsonb) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
  SELECT r ->> 'audience' FROM jsonb_array_elements(p_requirements) AS r
  UNION
  SELECT jsonb_array_elements_text(coalesce(r -> 'also', '[]')) FROM jsonb_array_elements(p_requirements) AS r
$$;

INSERT INTO approval_audiences (approval, audience, tenant, status)
SELECT p.id, audience, p.tenant, p.status FROM approvals p, audiences_of(p.requirements) AS audience;

-- Under the row locks of whoever changes the approvals.
CREATE FUNCTION approval_audiences_add() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO approval_audiences (approval, audience, tenant, status)
  SELECT n.id, audience, n.tenant, n.status FROM new_rows n, audiences_of(n.requirements) AS audience;
  RETURN NULL;
END $$;
CREATE TRIGGER approvals_audiences_add AFTER INSERT ON approvals REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION approval_audiences_add();

CREATE FUNCTION approval_audiences_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE approval_audiences q SET status = n.status
  FROM new_rows n JOIN old_rows o ON o.id = n.id WHERE q.approval = n.id AND n.status <> o.status;
  INSERT INTO approval_audiences (approval, audience, tenant, status)
  SELECT n.id, audience, n.tenant, n.status
  FROM new_rows n JOIN old_rows o ON o.id = n.id, audiences_of(n.requirements) AS audience
  WHERE n.requirements <> o.requirements
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER approvals_audiences_change AFTER UPDATE ON approvals REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION approval_audiences_change();
