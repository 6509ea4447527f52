-- What brings a charger's session back when its object is lost, and how far the look at all chargers has come.
ALTER TABLE chargers ADD COLUMN IF NOT EXISTS credential jsonb;
ALTER TABLE chargers ADD COLUMN IF NOT EXISTS key_lost_at timestamptz;
CREATE TABLE IF NOT EXISTS reconciliations (
  name text PRIMARY KEY,
  batch_id uuid,
  cursor_id uuid,
  is_full boolean NOT NULL DEFAULT false,
  looked_at integer NOT NULL DEFAULT 0,
  finished_at timestamptz
);
INSERT INTO reconciliations (name, finished_at) VALUES ('chargers', now()) ON CONFLICT (name) DO NOTHING;
