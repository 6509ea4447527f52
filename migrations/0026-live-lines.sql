-- Whether an organisation has live lines: a statement that stores events then says so, and the lines are told.
ALTER TABLE organizations ADD COLUMN IF NOT EXISTS is_live boolean NOT NULL DEFAULT false;
