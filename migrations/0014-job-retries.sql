-- The attempt by which an operator opened a job again: the sweeper counts its own from there.
ALTER TABLE jobs ADD COLUMN IF NOT EXISTS opened_attempt integer NOT NULL DEFAULT 0;
