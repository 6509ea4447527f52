-- concurrently
CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_open_batches ON jobs (organization_id)
  WHERE type = 'location_chargers_create' AND status IN ('PENDING', 'PROVISIONING');
