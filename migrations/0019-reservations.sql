-- Reservations of connectors, as the sessions tell of them. The newest revision of a row is valid.
CREATE TABLE IF NOT EXISTS reservations (
  id text PRIMARY KEY,
  organization_id uuid NOT NULL,
  charger_id uuid NOT NULL,
  reservation_id integer NOT NULL,
  evse_id integer NOT NULL,
  id_tag text NOT NULL,
  group_id text,
  status text NOT NULL CHECK (status IN ('active', 'used', 'cancelled', 'expired', 'removed')),
  transaction_id integer,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  revision integer NOT NULL
);
CREATE INDEX IF NOT EXISTS reservations_list ON reservations (charger_id, id);
CREATE INDEX IF NOT EXISTS reservations_status ON reservations (charger_id, status, id);
