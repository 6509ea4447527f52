-- Busbar's state of record, to be read as a whole. Databases are made by migrations/; a test proves that both are equal.
-- Runs on PostgreSQL 15 to 18 and PGlite. UUIDv7 ids are made by the application, so that rows of one
-- request sort in request order. Foreign keys stand only where a referenced row can be deleted: each one costs a look-up
-- per stored charger.

CREATE TABLE IF NOT EXISTS organizations (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 63),
  name text NOT NULL,
  rate_limit integer,                -- requests per window; null = deployment default
  rate_limit_window_seconds integer,
  charger_limit integer,             -- null = deployment default
  open_job_limit integer,            -- batches that are not complete; null = deployment default
  charger_bound bigint,              -- never below the number of its chargers; null = not known (see hold_chargers)
  accept_unknown_id_tags boolean NOT NULL DEFAULT true,
  transfer_hosts text[],             -- of firmware and upload URLs, `*.example.com` for all below it; null = any public one
  ws_url_hosts text[],               -- where simulated chargers may connect, in the same spelling; null = any public one
  created_at timestamptz NOT NULL DEFAULT now(),
  allow_unauthenticated_chargers boolean NOT NULL DEFAULT true, -- whether chargers of security profile 0 may be registered
  master_pass_group_id text,         -- group of the tags that may stop any transaction
  tag_cache_seconds integer,         -- how long stations may keep an answer about a tag; null = as long as they like
  transaction_update_seconds integer NOT NULL DEFAULT 60, -- one event of meter values per transaction and so many seconds; 0 = each
  is_live boolean NOT NULL DEFAULT false -- whether it has live lines, which are told of its events
);

CREATE TABLE IF NOT EXISTS api_keys (
  id text PRIMARY KEY,               -- key_<ULID>
  organization_id uuid NOT NULL REFERENCES organizations (id),
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('viewer', 'operator', 'service', 'owner')),
  prefix text NOT NULL,              -- first 13 characters of the key, for display
  digest text NOT NULL UNIQUE,       -- SHA-256 of the whole key, hex; the key itself is never stored
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  revoked_at timestamptz
);
CREATE INDEX IF NOT EXISTS api_keys_organization ON api_keys (organization_id, created_at);

CREATE TABLE IF NOT EXISTS locations (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL REFERENCES organizations (id),
  slug text NOT NULL,
  name text NOT NULL,
  address text,
  city text,
  country text,
  latitude double precision,
  longitude double precision,
  timezone text,
  owner_name text,
  fuse_limit_a double precision,
  public boolean NOT NULL DEFAULT false,
  status text NOT NULL DEFAULT 'active',
  revision integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (organization_id, slug)
);
CREATE INDEX IF NOT EXISTS locations_page ON locations (organization_id, created_at, id);

-- A batch (type location_chargers_create) or a single create (type charger_create). Its items are the charger
-- rows that carry its id and a sequence number, plus the rejected identities below (docs/adr/0002).
CREATE TABLE IF NOT EXISTS jobs (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL REFERENCES organizations (id),
  location_id uuid,                  -- no foreign key: finished jobs outlive their location
  type text NOT NULL CHECK (type IN ('location_chargers_create', 'charger_create')),
  status text NOT NULL CHECK (status IN ('PENDING', 'PROVISIONING', 'READY', 'FAILED')),
  workflow_run_id text,              -- null while the run is not published
  attempt integer NOT NULL DEFAULT 0,
  opened_attempt integer NOT NULL DEFAULT 0, -- the attempt by which an operator opened it again; the sweeper counts from there
  total integer NOT NULL,
  error jsonb,
  created_at timestamptz NOT NULL,
  published_at timestamptz NOT NULL, -- last time a run was handed to the engine (or tried)
  provisioned_at timestamptz
);
CREATE INDEX IF NOT EXISTS jobs_open ON jobs (created_at) WHERE status IN ('PENDING', 'PROVISIONING');
CREATE INDEX IF NOT EXISTS jobs_open_batches ON jobs (organization_id)
  WHERE type = 'location_chargers_create' AND status IN ('PENDING', 'PROVISIONING');

CREATE TABLE IF NOT EXISTS job_rejections (
  job_id uuid NOT NULL REFERENCES jobs (id),
  seq integer NOT NULL,
  identity text NOT NULL,
  error jsonb NOT NULL,
  PRIMARY KEY (job_id, seq)
);

CREATE TABLE IF NOT EXISTS chargers (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  identity text NOT NULL,
  name text,
  brand_slug text,
  model_slug text,
  vendor_name text,
  model text,
  image_url text,
  ocpp_version text,
  number_of_connectors integer,
  max_charging_power integer,        -- W
  connector_type text,
  location_id uuid REFERENCES locations (id),
  last_location_id uuid,             -- where a deleted charger was; location_id is null then
  location_name text,
  ws_url text,
  runtime text NOT NULL CHECK (runtime IN ('simulated', 'external')),
  security_profile smallint NOT NULL DEFAULT 2,
  registration_status text NOT NULL DEFAULT 'Accepted',
  simulator_host text,
  desired_count smallint NOT NULL DEFAULT 1,
  job_id uuid,                       -- null: registered over /api/v1
  seq integer,
  status text NOT NULL CHECK (status IN ('PENDING', 'READY', 'FAILED')),
  error jsonb,
  revision integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  settled_at timestamptz,            -- when status became READY or FAILED
  deleted_at timestamptz,
  credential jsonb,                  -- salted digests of the authorization key, for a session whose object is lost; null: not known
  key_lost_at timestamptz            -- the session had to be made anew without the key: the charger needs another one
);
CREATE UNIQUE INDEX IF NOT EXISTS chargers_identity ON chargers (organization_id, identity) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS chargers_deleted ON chargers (organization_id, identity) WHERE deleted_at IS NOT NULL;
-- Holds all that lists filter by, so that they read nothing else but the chargers of their page.
CREATE INDEX IF NOT EXISTS chargers_list ON chargers (organization_id, created_at, id)
  INCLUDE (status, location_id, identity) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS chargers_location_list ON chargers (location_id, created_at, id)
  INCLUDE (organization_id, status, identity) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS chargers_failed ON chargers (organization_id, created_at, id)
  WHERE deleted_at IS NULL AND status = 'FAILED';
CREATE UNIQUE INDEX IF NOT EXISTS chargers_job ON chargers (job_id, seq);
CREATE INDEX IF NOT EXISTS chargers_open ON chargers (job_id, seq) WHERE status = 'PENDING';

-- Projection of the session objects, written by their outboxes. An older generation never overwrites a newer one.
CREATE TABLE IF NOT EXISTS charger_connections (
  charger_id uuid PRIMARY KEY,
  online boolean NOT NULL DEFAULT false,
  generation integer NOT NULL DEFAULT 0,
  ocpp_version text,
  vendor text,
  model text,
  serial_number text,
  firmware_version text,
  last_message_at timestamptz,
  updated_at timestamptz NOT NULL,
  organization_id uuid,              -- of the charger, as is created_at: the order of lists
  created_at timestamptz
);
CREATE INDEX IF NOT EXISTS charger_connections_online ON charger_connections (organization_id, created_at, charger_id)
  WHERE online;

-- Fills in what a flush does not say of the charger.
CREATE OR REPLACE FUNCTION charger_connection_owner() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  SELECT c.organization_id, c.created_at INTO NEW.organization_id, NEW.created_at FROM chargers c WHERE c.id = NEW.charger_id;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER charger_connection_owner BEFORE INSERT OR UPDATE ON charger_connections
  FOR EACH ROW WHEN (NEW.organization_id IS NULL) EXECUTE FUNCTION charger_connection_owner();

CREATE TABLE IF NOT EXISTS connectors (
  charger_id uuid NOT NULL,
  evse_id integer NOT NULL,
  connector_id integer NOT NULL,
  status text NOT NULL,
  error_code text NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (charger_id, evse_id, connector_id)
);

CREATE TABLE IF NOT EXISTS idempotency_keys (
  organization_id uuid NOT NULL REFERENCES organizations (id),
  method text NOT NULL,
  path text NOT NULL,
  key text NOT NULL,
  body_hash text NOT NULL,
  response jsonb,                    -- null while the first request runs
  claimed_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, method, path, key)
);
CREATE INDEX IF NOT EXISTS idempotency_keys_age ON idempotency_keys (claimed_at);

-- What a stored change still has to do to sessions and simulated stations: rows are removed when done. A batch is
-- drained by one run; the sweeper starts another for what is left over.
CREATE TABLE IF NOT EXISTS charger_effects (
  batch_id uuid NOT NULL,
  seq integer NOT NULL,
  organization_id uuid NOT NULL,
  charger_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('sync', 'restart')),
  attempt integer NOT NULL DEFAULT 0,
  published_at timestamptz NOT NULL,
  PRIMARY KEY (batch_id, seq)
);
CREATE INDEX IF NOT EXISTS charger_effects_age ON charger_effects (published_at);

-- Migrations this database has seen, by the number in their file name; written by dev/migrate only.
CREATE TABLE IF NOT EXISTS schema_migrations (
  version integer PRIMARY KEY,
  name text NOT NULL,
  checksum text NOT NULL,            -- of the text without its comments
  applied_at timestamptz NOT NULL DEFAULT now()
);

-- How far the look at all chargers has come that brings sessions and stations in line with their rows.
CREATE TABLE IF NOT EXISTS reconciliations (
  name text PRIMARY KEY,
  batch_id uuid,                     -- the effects of the last part; the next one follows when they are done
  cursor_id uuid,                    -- the last charger of that part; null: begin with the first
  is_full boolean NOT NULL DEFAULT false, -- asked for by an operator: larger parts, and all deleted chargers too
  looked_at integer NOT NULL DEFAULT 0, -- chargers so far
  finished_at timestamptz            -- null: under way
);
INSERT INTO reconciliations (name, finished_at) VALUES ('chargers', now()) ON CONFLICT (name) DO NOTHING;

-- One winner per pass of a scheduled task, by compare-and-set.
CREATE TABLE IF NOT EXISTS task_locks (
  name text PRIMARY KEY,
  locked_until timestamptz NOT NULL
);

-- What stations did. Written by the outboxes of their sessions, repeatably; rows outlive their charger. meter_values,
-- security_events, station_events and data_transfers are kept 90 days after they came in, whatever time the station gives
-- them (docs/operations.md), transactions for good.
CREATE TABLE IF NOT EXISTS transactions (
  id text PRIMARY KEY,               -- txn_<ULID>
  organization_id uuid NOT NULL,
  transaction_id integer NOT NULL,   -- what the station is told; never reused
  charger_id uuid NOT NULL,
  evse_id integer NOT NULL,
  connector_id integer NOT NULL,
  id_tag text,
  status text NOT NULL CHECK (status IN ('pending', 'in_progress', 'completed', 'expired')),
  meter_start_wh bigint,
  meter_stop_wh bigint,
  last_meter_wh bigint,
  started_at timestamptz NOT NULL,
  stopped_at timestamptz,
  stop_reason text,
  ocpp_transaction_id text,          -- the station's own id on OCPP 2.x
  remote_started boolean NOT NULL DEFAULT false,
  lost_stop boolean NOT NULL DEFAULT false,
  revision integer NOT NULL,         -- counted by the session; a lower one never overwrites a higher one
  updated_at timestamptz NOT NULL,
  meter_offset_wh bigint NOT NULL DEFAULT 0,  -- what the register lost by going back: a reset, a rollover
  UNIQUE (organization_id, transaction_id)
);
CREATE INDEX IF NOT EXISTS transactions_charger ON transactions (charger_id, transaction_id);
CREATE INDEX IF NOT EXISTS transactions_list ON transactions (organization_id, started_at, transaction_id) INCLUDE (status);
CREATE INDEX IF NOT EXISTS transactions_charger_list ON transactions (charger_id, started_at, transaction_id);
CREATE INDEX IF NOT EXISTS transactions_tag_list ON transactions (organization_id, lower(id_tag), started_at, transaction_id);
CREATE INDEX IF NOT EXISTS transactions_unfinished ON transactions (organization_id, status, started_at, transaction_id)
  WHERE status <> 'completed';
CREATE INDEX IF NOT EXISTS transactions_count ON transactions (organization_id, status);
CREATE INDEX IF NOT EXISTS transactions_running ON transactions (charger_id, transaction_id) WHERE status = 'in_progress';
CREATE INDEX IF NOT EXISTS transactions_pending ON transactions (started_at) WHERE status = 'pending';

-- Transactions whose number another one has already, for instance since object storage was lost. For good, like the others.
CREATE TABLE IF NOT EXISTS transaction_conflicts (
  charger_id uuid NOT NULL,
  id text NOT NULL,                  -- txn_<ULID> of the one that is not in transactions
  organization_id uuid NOT NULL,
  transaction_id integer NOT NULL,
  stored_id text NOT NULL,           -- txn_<ULID> of the one that has the number
  revision integer NOT NULL,
  fact jsonb NOT NULL,               -- all its session said, in the columns of transactions
  at timestamptz NOT NULL,
  PRIMARY KEY (charger_id, id)
);
CREATE INDEX IF NOT EXISTS transaction_conflicts_number ON transaction_conflicts (organization_id, transaction_id);

-- Ends of transactions that a station told once more, and differently. For good, like the transactions.
CREATE TABLE IF NOT EXISTS stop_conflicts (
  charger_id uuid NOT NULL,
  id uuid NOT NULL,                  -- made of what the row says
  organization_id uuid NOT NULL,
  transaction_id integer NOT NULL,
  kept jsonb NOT NULL,               -- what was told first and stands in transactions: {meterStopWh, stoppedAt, stopReason}
  told jsonb NOT NULL,
  received_at timestamptz NOT NULL,
  PRIMARY KEY (charger_id, id)
);

CREATE TABLE IF NOT EXISTS meter_values (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  charger_id uuid NOT NULL,
  transaction_id integer,            -- null: outside transactions, or of one this charger never started
  claimed_id text,                   -- the transaction the station named then
  evse_id integer,
  reason text NOT NULL,
  energy_wh bigint,
  stop_reason text,                  -- of a stop that belongs to no transaction, as is id_tag
  id_tag text,
  "values" jsonb NOT NULL,
  at timestamptz NOT NULL,           -- by the station's clock
  received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS meter_values_transaction ON meter_values (organization_id, transaction_id, at);
CREATE INDEX IF NOT EXISTS meter_values_received ON meter_values (received_at);

CREATE TABLE IF NOT EXISTS security_events (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  charger_id uuid NOT NULL,
  source text NOT NULL CHECK (source IN ('station', 'central')),
  name text NOT NULL,
  tech_info text,
  at timestamptz NOT NULL,           -- by the station's clock
  received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS security_events_charger ON security_events (charger_id, at);
CREATE INDEX IF NOT EXISTS security_events_received ON security_events (received_at);

-- What stations report and no other table takes: monitoring events, limits that others set, reservations that ended, ...
CREATE TABLE IF NOT EXISTS station_events (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  charger_id uuid NOT NULL,
  action text NOT NULL,              -- of OCPP
  payload jsonb NOT NULL,            -- as it came, without secrets; {"truncated": its beginning} beyond 64 KiB
  at timestamptz NOT NULL,           -- by the station's clock where the message has a time
  received_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS station_events_charger ON station_events (charger_id, at);
CREATE INDEX IF NOT EXISTS station_events_received ON station_events (received_at);

-- The last state a station told of its firmware or its diagnostics.
CREATE TABLE IF NOT EXISTS charger_job_states (
  charger_id uuid NOT NULL,
  organization_id uuid NOT NULL,
  job text NOT NULL CHECK (job IN ('firmware', 'published_firmware', 'diagnostics')),
  status text NOT NULL,
  request_id integer,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (charger_id, job)
);

CREATE TABLE IF NOT EXISTS data_transfers (
  id text PRIMARY KEY,               -- dt_<ULID>
  organization_id uuid NOT NULL,
  charger_id uuid NOT NULL,
  direction text NOT NULL CHECK (direction IN ('incoming', 'outgoing')),
  vendor_id text NOT NULL,
  message_id text,
  data text,
  response_status text,
  response_data text,
  error text,                        -- why an outgoing one got no answer
  at timestamptz NOT NULL            -- by our clock
);
CREATE INDEX IF NOT EXISTS data_transfers_charger ON data_transfers (charger_id, at);
CREATE INDEX IF NOT EXISTS data_transfers_age ON data_transfers (at);

-- Desired settings of a charger and what became of each: {name: {outcome, revision, reported, ...}}. `station` is what we
-- wrote into the station and know of it.
CREATE TABLE IF NOT EXISTS charger_settings (
  charger_id uuid PRIMARY KEY,
  revision integer NOT NULL,
  desired jsonb NOT NULL,
  states jsonb NOT NULL,
  station jsonb NOT NULL DEFAULT '{}',
  attempt integer NOT NULL DEFAULT 0,
  next_at timestamptz,               -- when the sweeper may take it up; null = not before the next update
  lease_until timestamptz,           -- when the profile of the online layer ends by itself
  updated_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS charger_settings_due ON charger_settings (next_at) WHERE next_at IS NOT NULL;

-- A volatile function sees what was committed while its statement waited for the lock on the location; a subquery would not.
CREATE OR REPLACE FUNCTION offline_overrides_a(place uuid, except_charger uuid) RETURNS double precision
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN (SELECT coalesce(sum(greatest((s.desired ->> 'offlineChargeCurrent')::float8, 0)), 0)
    FROM charger_settings s JOIN chargers c ON c.id = s.charger_id
    WHERE c.location_id = place AND c.deleted_at IS NULL AND c.id <> except_charger);
END
$$;

-- That a write was committed, for a client whose answer was lost on the way (src/store/guarded-writes.ts). `abandoned`: it was
-- not, and cannot be any more. Kept ten minutes.
CREATE TABLE IF NOT EXISTS write_receipts (
  id uuid PRIMARY KEY,
  abandoned boolean NOT NULL DEFAULT false,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Every write of the Worker runs between two calls of this: what begins or ends after its deadline is not stored. No wait for a
-- lock or the client outlives the deadline either. The SQLSTATE is of no standard class; the detail is the time here, in ms.
CREATE OR REPLACE FUNCTION write_before(deadline_ms double precision, receipt uuid) RETURNS double precision
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  now_ms CONSTANT double precision := extract(epoch FROM clock_timestamp()) * 1000;
  left_ms CONSTANT text := floor(least(deadline_ms - now_ms, 3600000))::text;
BEGIN
  IF deadline_ms - now_ms < 1 THEN
    RAISE EXCEPTION 'the deadline of this write has passed' USING ERRCODE = 'ZD001', DETAIL = now_ms::text;
  END IF;
  PERFORM set_config('statement_timeout', left_ms, true), set_config('lock_timeout', left_ms, true),
    set_config('idle_in_transaction_session_timeout', left_ms, true);
  IF receipt IS NOT NULL THEN
    INSERT INTO write_receipts (id) VALUES (receipt);
  END IF;
  RETURN now_ms;
END
$$;

-- Whether an organisation may begin to make so many chargers: refuses early, and without a lock, what hold_chargers would
-- refuse after all the work. SQLSTATE ZL001: too many chargers; ZL002: too many open batches; the detail is the limit.
CREATE OR REPLACE FUNCTION charger_room(org uuid, wanted bigint, charger_default integer, job uuid, job_default integer)
RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  allowed bigint;
  jobs_allowed bigint;
BEGIN
  SELECT coalesce(charger_limit, charger_default), coalesce(open_job_limit, job_default) INTO allowed, jobs_allowed
    FROM organizations WHERE id = org;
  IF wanted > allowed THEN
    RAISE EXCEPTION 'charger limit reached' USING ERRCODE = 'ZL001', DETAIL = allowed::text;
  END IF;
  IF job IS NOT NULL AND (SELECT count(*) FROM jobs WHERE organization_id = org AND id <> job
      AND type = 'location_chargers_create' AND status IN ('PENDING', 'PROVISIONING')) >= jobs_allowed THEN
    RAISE EXCEPTION 'open job limit reached' USING ERRCODE = 'ZL002', DETAIL = jobs_allowed::text;
  END IF;
  RETURN true;
END
$$;

-- Called by every statement that makes chargers, once it made them; `reserved`: it will make so many more. From here to its
-- commit it is alone in its organisation. A volatile function sees what others committed while it waited, and what its own
-- statement has done. Chargers are counted only when their upper bound, which nothing lowers, would pass the limit.
CREATE OR REPLACE FUNCTION hold_chargers(org uuid, made bigint, reserved bigint, charger_default integer, job uuid,
  job_default integer)
RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  allowed bigint;
  bound bigint;
BEGIN
  IF made + reserved = 0 THEN
    RETURN true;
  END IF;
  SELECT coalesce(charger_limit, charger_default), charger_bound + made + reserved INTO allowed, bound
    FROM organizations WHERE id = org FOR NO KEY UPDATE;
  IF bound IS NULL OR bound > allowed THEN
    SELECT count(*) + reserved INTO bound FROM chargers WHERE organization_id = org AND deleted_at IS NULL;
  END IF;
  IF bound > allowed THEN
    RAISE EXCEPTION 'charger limit reached' USING ERRCODE = 'ZL001', DETAIL = allowed::text;
  END IF;
  PERFORM charger_room(org, 0, charger_default, job, job_default);
  UPDATE organizations SET charger_bound = bound WHERE id = org;
  RETURN true;
END
$$;

-- Id tags: the cards and tokens that may charge. Their organisation's tag registry (Durable Objects) holds a copy, by which
-- cards are judged.
CREATE TABLE IF NOT EXISTS id_tags (
  id text PRIMARY KEY,               -- tag_<ULID>
  organization_id uuid NOT NULL,
  id_tag text NOT NULL,
  key text NOT NULL,                 -- id_tag in lower case: tags are compared so
  shard smallint NOT NULL,           -- object of the registry that holds it (src/tag-shard.ts)
  type text,                         -- of the token on OCPP 2.x; null: any
  name text,
  group_id text,
  status text NOT NULL CHECK (status IN ('active', 'blocked')),
  is_scoped boolean NOT NULL DEFAULT false, -- valid at the chargers of id_tag_chargers alone
  source text NOT NULL DEFAULT 'api' CHECK (source IN ('api', 'import')),
  expires_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS id_tags_key ON id_tags (organization_id, key);
CREATE INDEX IF NOT EXISTS id_tags_list ON id_tags (organization_id, id) INCLUDE (status);
CREATE INDEX IF NOT EXISTS id_tags_shard ON id_tags (organization_id, shard, key);
CREATE INDEX IF NOT EXISTS id_tags_unscoped ON id_tags (organization_id, key) WHERE NOT is_scoped;
CREATE INDEX IF NOT EXISTS id_tags_group ON id_tags (organization_id, group_id, key) WHERE group_id IS NOT NULL;

CREATE TABLE IF NOT EXISTS id_tag_chargers (
  tag_id text NOT NULL REFERENCES id_tags (id) ON DELETE CASCADE,
  charger_id uuid NOT NULL,
  PRIMARY KEY (tag_id, charger_id)
);
CREATE INDEX IF NOT EXISTS id_tag_chargers_charger ON id_tag_chargers (charger_id, tag_id);

-- Counts the changes of an organisation's tags. Every statement that changes a tag raises the version, so what was read with a
-- version is everything up to it; the registry keeps what has the higher one.
CREATE TABLE IF NOT EXISTS id_tag_sets (
  organization_id uuid PRIMARY KEY,
  version bigint NOT NULL,
  reconciled_at timestamptz NOT NULL -- when the registry was last brought in line as a whole
);

-- What a stored change of tags still has to do to the registry, as charger_effects for sessions.
CREATE TABLE IF NOT EXISTS id_tag_effects (
  batch_id uuid NOT NULL,
  seq integer NOT NULL,
  organization_id uuid NOT NULL,
  shard smallint NOT NULL,
  key text,                          -- null: the whole shard
  attempt integer NOT NULL DEFAULT 0,
  published_at timestamptz NOT NULL,
  PRIMARY KEY (batch_id, seq)
);
CREATE INDEX IF NOT EXISTS id_tag_effects_age ON id_tag_effects (published_at);

-- An import of tags, or the erasure of one. Items are the rows of an import: deleted when imported, kept with their error.
CREATE TABLE IF NOT EXISTS id_tag_jobs (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL REFERENCES organizations (id),
  type text NOT NULL CHECK (type IN ('import', 'erase')),
  status text NOT NULL CHECK (status IN ('PENDING', 'RUNNING', 'DONE')),
  total integer NOT NULL,            -- tags of an import, chargers of an erasure
  done integer NOT NULL DEFAULT 0,
  cursor_id uuid,                    -- the last charger that an erasure has dealt with
  key text,                          -- tag that is erased, until the erasure is done
  pseudonym text,                    -- what takes its place
  tag_id text,
  attempt integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  published_at timestamptz NOT NULL,
  finished_at timestamptz
);
CREATE INDEX IF NOT EXISTS id_tag_jobs_open ON id_tag_jobs (published_at) WHERE status <> 'DONE';
CREATE INDEX IF NOT EXISTS id_tag_jobs_age ON id_tag_jobs (created_at);

CREATE TABLE IF NOT EXISTS id_tag_job_items (
  job_id uuid NOT NULL REFERENCES id_tag_jobs (id) ON DELETE CASCADE,
  seq integer NOT NULL,
  item jsonb NOT NULL,
  error jsonb,                       -- {code, message}
  PRIMARY KEY (job_id, seq)
);

-- The local authorization list that is kept at a station. `list` is what the station confirmed in `list_version`; the columns from
-- `tag_version` to `checked_boots` say for what it was brought in line last: what differs makes the list due.
CREATE TABLE IF NOT EXISTS charger_local_lists (
  charger_id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  mode text NOT NULL CHECK (mode IN ('managed', 'off')),
  revision integer NOT NULL,         -- raised by each change of the mode
  version integer NOT NULL DEFAULT 0, -- the highest that was given out; stored before the CALL leaves, so that none is used twice
  reported_version integer,          -- what the station said last
  entries integer,
  outcome text,
  list jsonb,                        -- {key: [id tag, type, rest of the entry]}; null: not known
  list_version integer,
  limits jsonb,                      -- as the station reported them
  tag_version bigint NOT NULL DEFAULT -1, -- of id_tag_sets
  master_pass_group_id text,
  generation integer NOT NULL DEFAULT -1,
  boots integer NOT NULL DEFAULT 0,  -- raised by each boot of a managed charger
  checked_boots integer NOT NULL DEFAULT 0,
  attempt integer NOT NULL DEFAULT 0,
  next_at timestamptz,               -- when the sweeper may start the next run; null: at once
  updated_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS charger_local_lists_managed ON charger_local_lists (charger_id) WHERE mode = 'managed';
CREATE INDEX IF NOT EXISTS charger_local_lists_organization ON charger_local_lists (organization_id);

-- Reservations of connectors, as the sessions tell of them. The newest revision of a row is valid.
CREATE TABLE IF NOT EXISTS reservations (
  id text PRIMARY KEY,               -- `rsv_` and a ULID
  organization_id uuid NOT NULL,
  charger_id uuid NOT NULL,
  reservation_id integer NOT NULL,   -- number of the protocol, unique among what the station holds
  evse_id integer NOT NULL,          -- 0: any
  id_tag text NOT NULL,
  group_id text,
  status text NOT NULL CHECK (status IN ('active', 'used', 'cancelled', 'expired', 'removed')),
  transaction_id integer,            -- that used it
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  revision integer NOT NULL
);
CREATE INDEX IF NOT EXISTS reservations_list ON reservations (charger_id, id);
CREATE INDEX IF NOT EXISTS reservations_status ON reservations (charger_id, status, id);
CREATE INDEX IF NOT EXISTS reservations_due ON reservations (expires_at) WHERE status = 'active';
CREATE INDEX IF NOT EXISTS reservations_age ON reservations (updated_at) WHERE status <> 'active';

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
-- Events that may name an id tag, for its erasure: few, beside those of statuses and meters.
CREATE INDEX IF NOT EXISTS events_tags ON events (charger_id) WHERE type IN ('transaction.started',
  'transaction.stopped', 'reservation.created', 'reservation.used', 'reservation.cancelled', 'reservation.expired',
  'reservation.removed', 'data_transfer.received', 'security.event');

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
