-- concurrently
-- Reservations of a lost session whose time is over, and those that ended long ago.

CREATE INDEX CONCURRENTLY IF NOT EXISTS reservations_due ON reservations (expires_at) WHERE status = 'active';
CREATE INDEX CONCURRENTLY IF NOT EXISTS reservations_age ON reservations (updated_at) WHERE status <> 'active';
