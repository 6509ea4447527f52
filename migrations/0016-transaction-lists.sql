-- concurrently
-- Lists of transactions, newest first, by any filter; their number, from a small index; what still runs; what a lost session left.

CREATE INDEX CONCURRENTLY IF NOT EXISTS transactions_list ON transactions (organization_id, started_at, transaction_id) INCLUDE (status);
CREATE INDEX CONCURRENTLY IF NOT EXISTS transactions_charger_list ON transactions (charger_id, started_at, transaction_id);
CREATE INDEX CONCURRENTLY IF NOT EXISTS transactions_tag_list ON transactions (organization_id, lower(id_tag), started_at, transaction_id);
CREATE INDEX CONCURRENTLY IF NOT EXISTS transactions_unfinished ON transactions (organization_id, status, started_at, transaction_id)
  WHERE status <> 'completed';
CREATE INDEX CONCURRENTLY IF NOT EXISTS transactions_count ON transactions (organization_id, status);
CREATE INDEX CONCURRENTLY IF NOT EXISTS transactions_running ON transactions (charger_id, transaction_id) WHERE status = 'in_progress';
CREATE INDEX CONCURRENTLY IF NOT EXISTS transactions_pending ON transactions (started_at) WHERE status = 'pending';
CREATE INDEX CONCURRENTLY IF NOT EXISTS chargers_deleted ON chargers (organization_id, identity) WHERE deleted_at IS NOT NULL;
