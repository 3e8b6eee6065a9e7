-- Who is on their way through the identity provider. State, nonce and PKCE verifier follow from the token in the browser's cookie,
-- of which only the hash is here: a row is what makes it good once, and for a while.

CREATE TABLE sign_ins (
  hash       text PRIMARY KEY,
  leads_to   text NOT NULL,
  expires_at timestamptz NOT NULL
);
COMMENT ON COLUMN sign_ins.leads_to IS 'the path to go on to';
CREATE INDEX sign_ins_expiry ON sign_ins (expires_at);

GRANT SELECT, INSERT, DELETE ON sign_ins TO holdpoint_service;
