-- Who is signed in with a browser. The cookie's token is kept nowhere: only its hash is, so that nobody signs in with what they
-- read here. A row is written once; only its last use moves.

CREATE TABLE sessions (
  hash       text PRIMARY KEY,
  kind       text NOT NULL CHECK (kind IN ('person', 'service', 'app')),
  tenant     text NOT NULL,
  principal  text NOT NULL,
  issuer     text,
  subject    text,
  name       text,
  app        text REFERENCES apps (id),
  audiences  jsonb NOT NULL,
  scopes     jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  used_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 80);
COMMENT ON COLUMN sessions.hash IS 'SHA-256 of the token in the cookie';
COMMENT ON COLUMN sessions.app IS 'whose key opened it; it ends with the app';
COMMENT ON COLUMN sessions.used_at IS 'to the minute';
CREATE INDEX sessions_principal ON sessions (principal, tenant, created_at);
CREATE INDEX sessions_expiry ON sessions (expires_at);

GRANT SELECT, INSERT, DELETE ON sessions TO holdpoint_service;
GRANT UPDATE (used_at) ON sessions TO holdpoint_service;
