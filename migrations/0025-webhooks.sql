-- Webhooks of organisations, and what becomes of each event at each of them. A delivery is written in the statement that stores its
-- event; `due_at` is when the sweeper publishes it again, unless it has got on by then.
CREATE TABLE IF NOT EXISTS webhooks (
  id text PRIMARY KEY,               -- `wh_` and a ULID
  organization_id uuid NOT NULL,
  slot smallint NOT NULL CHECK (slot BETWEEN 1 AND 20), -- bounds their number
  url text NOT NULL,
  events text[] NOT NULL,
  vendor_ids text[],                 -- of `data_transfer.received`; null = any vendor
  active boolean NOT NULL DEFAULT true,
  disabled_reason text,              -- why deliveries switched it off; null = they did not
  secret text NOT NULL,              -- sealed
  previous_secret text,              -- sealed; signs too until previous_until
  previous_until timestamptz,
  failures integer NOT NULL DEFAULT 0, -- failed attempts since the last success
  failing_since timestamptz,
  replay_txid xid8,                  -- position behind which the replay goes on
  replay_seq bigint,
  replay_from timestamptz,           -- null = the position decides alone
  replay_before xid8,                -- first transaction that the replay leaves out; null = no replay
  replay_at timestamptz,             -- its last progress
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT webhooks_slot UNIQUE (organization_id, slot)
);
CREATE INDEX IF NOT EXISTS webhooks_replays ON webhooks (replay_at) WHERE replay_before IS NOT NULL;

CREATE TABLE IF NOT EXISTS webhook_deliveries (
  webhook_id text NOT NULL,
  event_id text NOT NULL,
  organization_id uuid NOT NULL,
  type text NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed')),
  attempts integer NOT NULL DEFAULT 0,
  response_status integer,           -- of the last attempt; null = no answer
  last_attempt_at timestamptz,
  published_at timestamptz,          -- when the engine took its message; null = not known to have
  due_at timestamptz NOT NULL,
  replays integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (webhook_id, event_id)
);
CREATE INDEX IF NOT EXISTS webhook_deliveries_due ON webhook_deliveries (due_at) WHERE status = 'pending';
CREATE INDEX IF NOT EXISTS webhook_deliveries_age ON webhook_deliveries (created_at);
