-- Hosts that the simulated chargers of an organisation may connect to.

ALTER TABLE organizations ADD COLUMN IF NOT EXISTS ws_url_hosts text[];
