-- How often a running transaction is reported.
ALTER TABLE organizations ADD COLUMN IF NOT EXISTS transaction_update_seconds integer NOT NULL DEFAULT 60;
