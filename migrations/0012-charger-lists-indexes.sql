-- concurrently

CREATE INDEX CONCURRENTLY IF NOT EXISTS chargers_list ON chargers (organization_id, created_at, id)
  INCLUDE (status, location_id, identity) WHERE deleted_at IS NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS chargers_location_list ON chargers (location_id, created_at, id)
  INCLUDE (organization_id, status, identity) WHERE deleted_at IS NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS chargers_failed ON chargers (organization_id, created_at, id)
  WHERE deleted_at IS NULL AND status = 'FAILED';
CREATE INDEX CONCURRENTLY IF NOT EXISTS charger_connections_online ON charger_connections (organization_id, created_at, charger_id)
  WHERE online;
DROP INDEX CONCURRENTLY IF EXISTS chargers_page;
DROP INDEX CONCURRENTLY IF EXISTS chargers_location_page;
