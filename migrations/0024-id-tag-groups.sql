-- concurrently
-- Tags of one group in the order of their keys: those of the master pass group belong into every managed list.

CREATE INDEX CONCURRENTLY IF NOT EXISTS id_tags_group ON id_tags (organization_id, group_id, key) WHERE group_id IS NOT NULL;
