-- Ends of transactions that a station told once more, and differently.
CREATE TABLE IF NOT EXISTS stop_conflicts (
  charger_id uuid NOT NULL,
  id uuid NOT NULL,
  organization_id uuid NOT NULL,
  transaction_id integer NOT NULL,
  kept jsonb NOT NULL,
  told jsonb NOT NULL,
  received_at timestamptz NOT NULL,
  PRIMARY KEY (charger_id, id)
);
