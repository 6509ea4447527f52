-- concurrently

-- Events that may name an id tag, for its erasure: few, beside those of statuses and meters.
CREATE INDEX CONCURRENTLY IF NOT EXISTS events_tags ON events (charger_id) WHERE type IN ('transaction.started',
  'transaction.stopped', 'reservation.created', 'reservation.used', 'reservation.cancelled', 'reservation.expired',
  'reservation.removed', 'data_transfer.received', 'security.event');
