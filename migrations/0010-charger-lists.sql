-- Lists of chargers are filtered and counted by indexes alone. A connection knows whose it is and when its charger was
-- created; the trigger fills that in for whoever does not write it, as the version before.

ALTER TABLE charger_connections ADD COLUMN IF NOT EXISTS organization_id uuid;
ALTER TABLE charger_connections ADD COLUMN IF NOT EXISTS created_at timestamptz;

CREATE OR REPLACE FUNCTION charger_connection_owner() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  SELECT c.organization_id, c.created_at INTO NEW.organization_id, NEW.created_at FROM chargers c WHERE c.id = NEW.charger_id;
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER charger_connection_owner BEFORE INSERT OR UPDATE ON charger_connections
  FOR EACH ROW WHEN (NEW.organization_id IS NULL) EXECUTE FUNCTION charger_connection_owner();
