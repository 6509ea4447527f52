-- History is kept by the time it came in, whatever time the station gives it; hosts an organisation takes firmware from.

ALTER TABLE organizations ADD COLUMN IF NOT EXISTS transfer_hosts text[];

ALTER TABLE meter_values ADD COLUMN IF NOT EXISTS received_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE meter_values ADD COLUMN IF NOT EXISTS stop_reason text;
ALTER TABLE meter_values ADD COLUMN IF NOT EXISTS id_tag text;

ALTER TABLE security_events ADD COLUMN IF NOT EXISTS received_at timestamptz NOT NULL DEFAULT now();

CREATE TABLE IF NOT EXISTS station_events (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  charger_id uuid NOT NULL,
  action text NOT NULL,
  payload jsonb NOT NULL,
  at timestamptz NOT NULL,
  received_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS station_events_charger ON station_events (charger_id, at);
CREATE INDEX IF NOT EXISTS station_events_received ON station_events (received_at);
