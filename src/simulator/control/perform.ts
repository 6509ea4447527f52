import type { StationEvent } from "../../ocpp/station-event.ts";
import type { CommandEnd, Turn } from "../station/turn.ts";
import {
  authorize,
  plug,
  requestEnergy,
  startSession,
  startTransaction,
  stopEnergy,
  stopSession,
  stopTransaction,
  unlock,
  unplugCar,
  updatePower,
} from "./driver.ts";
import { clear, clearCache, clearList, configure, inject, send, updateList } from "./technician.ts";

type Handlers = {
  readonly [Kind in StationEvent["kind"]]: (
    turn: Turn,
    event: Extract<StationEvent, { kind: Kind }>,
  ) => CommandEnd;
};

const HANDLERS: Handlers = {
  plug,
  unplug: unplugCar,
  unlock_connector: unlock,
  authorize,
  start_transaction: startTransaction,
  stop_transaction: stopTransaction,
  start_session: startSession,
  stop_session: stopSession,
  ev_requests_energy: requestEnergy,
  ev_stops_energy: stopEnergy,
  power_update: updatePower,
  send,
  configure,
  clear_cache: clearCache,
  local_list: updateList,
  clear_local_list: clearList,
  inject_fault: inject,
  clear_fault: clear,
};

/** Lets an event happen at the station. Its connector exists: whoever queued the command has looked. */
export function perform(turn: Turn, event: StationEvent): CommandEnd {
  const handler = HANDLERS[event.kind] as (turn: Turn, event: StationEvent) => CommandEnd;
  return handler(turn, event);
}
