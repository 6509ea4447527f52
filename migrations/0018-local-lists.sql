-- The local authorization list that is kept at a station.
CREATE TABLE IF NOT EXISTS charger_local_lists (
  charger_id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  mode text NOT NULL CHECK (mode IN ('managed', 'off')),
  revision integer NOT NULL,
  version integer NOT NULL DEFAULT 0,
  reported_version integer,
  entries integer,
  outcome text,
  list jsonb,
  list_version integer,
  limits jsonb,
  tag_version bigint NOT NULL DEFAULT -1,
  master_pass_group_id text,
  generation integer NOT NULL DEFAULT -1,
  boots integer NOT NULL DEFAULT 0,
  checked_boots integer NOT NULL DEFAULT 0,
  attempt integer NOT NULL DEFAULT 0,
  next_at timestamptz,
  updated_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS charger_local_lists_managed ON charger_local_lists (charger_id) WHERE mode = 'managed';
CREATE INDEX IF NOT EXISTS charger_local_lists_organization ON charger_local_lists (organization_id);
