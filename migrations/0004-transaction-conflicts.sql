-- Transactions whose number another one has already, for instance since object storage was lost.
CREATE TABLE IF NOT EXISTS transaction_conflicts (
  charger_id uuid NOT NULL,
  id text NOT NULL,
  organization_id uuid NOT NULL,
  transaction_id integer NOT NULL,
  stored_id text NOT NULL,
  revision integer NOT NULL,
  fact jsonb NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (charger_id, id)
);
CREATE INDEX IF NOT EXISTS transaction_conflicts_number ON transaction_conflicts (organization_id, transaction_id);
