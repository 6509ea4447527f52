-- What happened at chargers, for webhooks, the feed and the live line. Each row is written in the statement that stores the fact
-- which it reports. The order of the feed is (txid, seq): readers stop before the oldest transaction that is still open.
CREATE TABLE IF NOT EXISTS events (
  organization_id uuid NOT NULL,
  id text NOT NULL,                  -- event_id: a repeat of a fact makes the same
  type text NOT NULL,
  charger_id uuid,
  charge_box_id text,
  at timestamptz NOT NULL,           -- when it happened
  data json NOT NULL,                -- json, not jsonb: its keys keep their order
  txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  seq bigint GENERATED ALWAYS AS IDENTITY,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, id)
);
CREATE INDEX IF NOT EXISTS events_feed ON events (organization_id, txid, seq);
CREATE INDEX IF NOT EXISTS events_age ON events (created_at);

-- Id of an event: 10 characters of its time in ms and 16 of a digest of what identifies it, in Crockford's base 32, so that ids sort
-- by time and a repeat has the same. Each of the 64 digits of base64 stands for one of 32.
CREATE OR REPLACE FUNCTION event_id(at timestamptz, about text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  digits CONSTANT text := '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  ms CONSTANT bigint := least(greatest(floor(extract(epoch FROM at) * 1000), 0), 281474976710655);
  id text := 'evt_';
BEGIN
  FOR shift IN REVERSE 9..0 LOOP
    id := id || substr(digits, ((ms >> (5 * shift)) & 31)::int + 1, 1);
  END LOOP;
  RETURN id || translate(left(encode(sha256(convert_to(about, 'UTF8')), 'base64'), 16),
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', digits || digits);
END
$$;
