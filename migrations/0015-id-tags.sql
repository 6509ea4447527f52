-- Id tags, the changes their registry is to be told, and jobs that import or erase them; settings of an organisation for tags.
ALTER TABLE organizations ADD COLUMN IF NOT EXISTS allow_unauthenticated_chargers boolean NOT NULL DEFAULT true;
ALTER TABLE organizations ADD COLUMN IF NOT EXISTS master_pass_group_id text;
ALTER TABLE organizations ADD COLUMN IF NOT EXISTS tag_cache_seconds integer;
CREATE TABLE IF NOT EXISTS id_tags (
  id text PRIMARY KEY,
  organization_id uuid NOT NULL,
  id_tag text NOT NULL,
  key text NOT NULL,
  shard smallint NOT NULL,
  type text,
  name text,
  group_id text,
  status text NOT NULL CHECK (status IN ('active', 'blocked')),
  is_scoped boolean NOT NULL DEFAULT false,
  source text NOT NULL DEFAULT 'api' CHECK (source IN ('api', 'import')),
  expires_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS id_tags_key ON id_tags (organization_id, key);
CREATE INDEX IF NOT EXISTS id_tags_list ON id_tags (organization_id, id) INCLUDE (status);
CREATE INDEX IF NOT EXISTS id_tags_shard ON id_tags (organization_id, shard, key);
CREATE INDEX IF NOT EXISTS id_tags_unscoped ON id_tags (organization_id, key) WHERE NOT is_scoped;
CREATE TABLE IF NOT EXISTS id_tag_chargers (
  tag_id text NOT NULL REFERENCES id_tags (id) ON DELETE CASCADE,
  charger_id uuid NOT NULL,
  PRIMARY KEY (tag_id, charger_id)
);
CREATE INDEX IF NOT EXISTS id_tag_chargers_charger ON id_tag_chargers (charger_id, tag_id);
CREATE TABLE IF NOT EXISTS id_tag_sets (
  organization_id uuid PRIMARY KEY,
  version bigint NOT NULL,
  reconciled_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS id_tag_effects (
  batch_id uuid NOT NULL,
  seq integer NOT NULL,
  organization_id uuid NOT NULL,
  shard smallint NOT NULL,
  key text,
  attempt integer NOT NULL DEFAULT 0,
  published_at timestamptz NOT NULL,
  PRIMARY KEY (batch_id, seq)
);
CREATE INDEX IF NOT EXISTS id_tag_effects_age ON id_tag_effects (published_at);
CREATE TABLE IF NOT EXISTS id_tag_jobs (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL REFERENCES organizations (id),
  type text NOT NULL CHECK (type IN ('import', 'erase')),
  status text NOT NULL CHECK (status IN ('PENDING', 'RUNNING', 'DONE')),
  total integer NOT NULL,
  done integer NOT NULL DEFAULT 0,
  cursor_id uuid,
  key text,
  pseudonym text,
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
  error jsonb,
  PRIMARY KEY (job_id, seq)
);
