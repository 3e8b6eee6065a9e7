-- What is known of the entities of remote systems: a cache that webhooks and results keep, one row an entity. A deleted one stays
-- as a tombstone without data until its time is up, so that a stale fact does not bring it back.
CREATE TABLE entities (
  tenant     text NOT NULL,
  connector  text NOT NULL,
  entity     text NOT NULL,
  id         text COLLATE "C" NOT NULL,
  data       jsonb,
  -- What orders facts about one entity; null where its connector declares none.
  version    numeric,
  seen_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant, connector, entity, id),
  CONSTRAINT entities_data_size CHECK (octet_length(data::text) <= 32768)
) WITH (fillfactor = 70);
CREATE INDEX entities_due ON entities (expires_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON entities TO holdpoint_service;

-- One field's value as bytes that compare as the values do, whatever the database's collation: its JSON type, then false before
-- true, numbers as doubles, text by code point. Null for null and for a field that is not there. Of a text the first 512 bytes, so
-- that any of it can be indexed; objects and lists have no order among themselves. `entity-key.ts` says the same in TypeScript.
CREATE FUNCTION entity_key(value jsonb) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  bits bigint;
BEGIN
  CASE jsonb_typeof(value)
    WHEN 'string' THEN
      RETURN '\x03'::bytea || substring(convert_to(value #>> '{}', 'UTF8') FOR 512);
    WHEN 'number' THEN
      -- A double's bits grow with it once the sign of a positive one, or all bits of a negative one, are turned over.
      bits := ('x' || encode(float8send((value #>> '{}')::float8), 'hex'))::bit(64)::bigint;
      RETURN '\x02'::bytea || int8send(CASE WHEN bits < 0 THEN ~bits ELSE bits # (-9223372036854775808) END);
    WHEN 'boolean' THEN
      RETURN CASE WHEN value::boolean THEN '\x0101'::bytea ELSE '\x0100'::bytea END;
    WHEN 'null' THEN
      RETURN NULL;
    ELSE
      RETURN '\x04'::bytea;
  END CASE;
END $$;
