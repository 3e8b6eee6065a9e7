-- What replay needs of a plan is kept for a while, then erased: rows, keys, digests, decisions and receipts stay for ever.

ALTER TABLE plans ADD COLUMN erased_at timestamptz;
ALTER TABLE actions ADD COLUMN erased_at timestamptz;
ALTER TABLE approvals ADD COLUMN erased_at timestamptz;
COMMENT ON COLUMN plans.erased_at IS 'since when the data of its event is gone, and with it the bodies of its actions and approvals';
COMMENT ON COLUMN actions.erased_at IS 'since when arguments, the line as proposed and the result are gone';
COMMENT ON COLUMN approvals.erased_at IS 'since when the arguments that people were shown are gone';

-- Where the eraser walks: what is erased leaves it.
CREATE INDEX plans_unerased ON plans (created_at, id) WHERE erased_at IS NULL;
GRANT UPDATE (env, erased_at) ON plans TO holdpoint_service;
