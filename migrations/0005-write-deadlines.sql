-- That a write was committed, for a client whose answer was lost on the way (src/store/guarded-writes.ts). `abandoned`: it was
-- not, and cannot be any more. Kept ten minutes.
CREATE TABLE IF NOT EXISTS write_receipts (
  id uuid PRIMARY KEY,
  abandoned boolean NOT NULL DEFAULT false,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Every write of the Worker runs between two calls of this: what begins or ends after its deadline is not stored. No wait for a
-- lock or the client outlives the deadline either. The SQLSTATE is of no standard class; the detail is the time here, in ms.
CREATE OR REPLACE FUNCTION write_before(deadline_ms double precision, receipt uuid) RETURNS double precision
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  now_ms CONSTANT double precision := extract(epoch FROM clock_timestamp()) * 1000;
  left_ms CONSTANT text := floor(least(deadline_ms - now_ms, 3600000))::text;
BEGIN
  IF deadline_ms - now_ms < 1 THEN
    RAISE EXCEPTION 'the deadline of this write has passed' USING ERRCODE = 'ZD001', DETAIL = now_ms::text;
  END IF;
  PERFORM set_config('statement_timeout', left_ms, true), set_config('lock_timeout', left_ms, true),
    set_config('idle_in_transaction_session_timeout', left_ms, true);
  IF receipt IS NOT NULL THEN
    INSERT INTO write_receipts (id) VALUES (receipt);
  END IF;
  RETURN now_ms;
END
$$;
