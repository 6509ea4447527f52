-- Limits of chargers and open batches, kept by the statements that make them.

ALTER TABLE organizations ADD COLUMN IF NOT EXISTS open_job_limit integer;
ALTER TABLE organizations ADD COLUMN IF NOT EXISTS charger_bound bigint;

-- Whether an organisation may begin to make so many chargers: refuses early, and without a lock, what hold_chargers would
-- refuse after all the work. SQLSTATE ZL001: too many chargers; ZL002: too many open batches; the detail is the limit.
CREATE OR REPLACE FUNCTION charger_room(org uuid, wanted bigint, charger_default integer, job uuid, job_default integer)
RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  allowed bigint;
  jobs_allowed bigint;
BEGIN
  SELECT coalesce(charger_limit, charger_default), coalesce(open_job_limit, job_default) INTO allowed, jobs_allowed
    FROM organizations WHERE id = org;
  IF wanted > allowed THEN
    RAISE EXCEPTION 'charger limit reached' USING ERRCODE = 'ZL001', DETAIL = allowed::text;
  END IF;
  IF job IS NOT NULL AND (SELECT count(*) FROM jobs WHERE organization_id = org AND id <> job
      AND type = 'location_chargers_create' AND status IN ('PENDING', 'PROVISIONING')) >= jobs_allowed THEN
    RAISE EXCEPTION 'open job limit reached' USING ERRCODE = 'ZL002', DETAIL = jobs_allowed::text;
  END IF;
  RETURN true;
END
$$;

-- Called by every statement that makes chargers, once it made them; `reserved`: it will make so many more. From here to its
-- commit it is alone in its organisation. A volatile function sees what others committed while it waited, and what its own
-- statement has done. Chargers are counted only when their upper bound, which nothing lowers, would pass the limit.
CREATE OR REPLACE FUNCTION hold_chargers(org uuid, made bigint, reserved bigint, charger_default integer, job uuid,
  job_default integer)
RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  allowed bigint;
  bound bigint;
BEGIN
  IF made + reserved = 0 THEN
    RETURN true;
  END IF;
  SELECT coalesce(charger_limit, charger_default), charger_bound + made + reserved INTO allowed, bound
    FROM organizations WHERE id = org FOR NO KEY UPDATE;
  IF bound IS NULL OR bound > allowed THEN
    SELECT count(*) + reserved INTO bound FROM chargers WHERE organization_id = org AND deleted_at IS NULL;
  END IF;
  IF bound > allowed THEN
    RAISE EXCEPTION 'charger limit reached' USING ERRCODE = 'ZL001', DETAIL = allowed::text;
  END IF;
  PERFORM charger_room(org, 0, charger_default, job, job_default);
  UPDATE organizations SET charger_bound = bound WHERE id = org;
  RETURN true;
END
$$;
