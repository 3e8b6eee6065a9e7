-- What was known of an action's entity when it was decided: scoring it again, replay and people see that, whatever is known by then.
ALTER TABLE actions ADD COLUMN entity jsonb;
COMMENT ON COLUMN actions.entity IS 'what was known of its entity when it was decided; null: nothing, or its tool declares none';
COMMENT ON COLUMN actions.erased_at IS 'since when arguments, the line as proposed, what was known of its entity and the result are gone';
