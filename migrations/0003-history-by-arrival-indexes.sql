-- concurrently

CREATE INDEX CONCURRENTLY IF NOT EXISTS meter_values_received ON meter_values (received_at);
CREATE INDEX CONCURRENTLY IF NOT EXISTS security_events_received ON security_events (received_at);
DROP INDEX CONCURRENTLY IF EXISTS meter_values_age;
DROP INDEX CONCURRENTLY IF EXISTS security_events_age;
