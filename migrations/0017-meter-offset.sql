-- What the register of a transaction lost by going back, in Wh: the energy is the meter less its start, plus this.

ALTER TABLE transactions ADD COLUMN IF NOT EXISTS meter_offset_wh bigint NOT NULL DEFAULT 0;
