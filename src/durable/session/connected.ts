import type { OcppVersion } from "../../ocpp/version.ts";
import type { SessionRecord } from "./session-record.ts";

interface Connection {
  version: OcppVersion;
  ip: string;
  direct: boolean;
  nowMs: number;
}

/** A new line belongs to the station from here on. A line of our own has no address worth remembering. */
export function noteConnected(record: SessionRecord, { version, ip, direct, nowMs }: Connection): void {
  record.generation++;
  record.connected = { version, connectedAtMs: nowMs };
  record.version = version;
  if (!direct) record.lastLogin = { ip, atMs: nowMs };
  record.probedAtMs = null;
}
