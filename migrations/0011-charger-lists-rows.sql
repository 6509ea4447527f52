-- The trigger of 0010 fills in the rows that were there before; a file of its own, because its locks are those of an update.

UPDATE charger_connections SET updated_at = updated_at WHERE organization_id IS NULL;
UPDATE charger_connections s SET online = false FROM chargers c WHERE c.id = s.charger_id AND s.online AND c.deleted_at IS NOT NULL;
