import type { JsonObject } from "../../ocpp/json.ts";
import type { StationEvent } from "../../ocpp/station-event.ts";
import { call } from "../line/calls.ts";
import { isAcceptedOffline } from "../charging/authorization.ts";
import { admit, begin, isFreeFor, plugIn, presentCard, unplug } from "../charging/charging.ts";
import { reportStatuses } from "../charging/connectors.ts";
import { endTransaction, setCar } from "../charging/transactions.ts";
import type { IdToken } from "../station/charge.ts";
import type { CommandEnd, Turn } from "../station/turn.ts";

type EventOf<Kind extends StationEvent["kind"]> = Extract<StationEvent, { kind: Kind }>;
type AtConnector = { readonly connectorId: number };

const DONE: CommandEnd = { kind: "done", result: null };
const ignored = (reason: string): CommandEnd => ({ kind: "ignored", reason });

export function plug(turn: Turn, { connectorId }: AtConnector): CommandEnd {
  const { cars } = turn.state.memory;
  if (cars[connectorId]) return ignored("a car is plugged in already");
  plugIn(turn, connectorId, true);
  // A driver who was on the way has arrived.
  if (turn.state.memory.charges[connectorId]?.stage === "preparing")
    turn.setTimer(`connector ${connectorId}`, 0);
  reportStatuses(turn);
  return DONE;
}

export function unplugCar(turn: Turn, { connectorId }: AtConnector): CommandEnd {
  return unplug(turn, connectorId) ? DONE : ignored("no car is plugged in");
}

/** As the command of the central system, which ends a transaction in 1.6 and is refused during one in 2.x. */
export function unlock(turn: Turn, { connectorId }: AtConnector): CommandEnd {
  const where: JsonObject =
    turn.version === "ocpp1.6" ? { connectorId } : { evseId: connectorId, connectorId: 1 };
  const answer = turn.dialect.actions["UnlockConnector"]?.(turn, where);
  if (!answer || !("result" in answer) || answer.result["status"] !== "Unlocked")
    return ignored("the connector stays locked during a transaction");
  answer.after?.(turn);
  return DONE;
}

export function authorize(turn: Turn, { idToken }: EventOf<"authorize">): CommandEnd {
  if (turn.state.link === "up") call(turn, "Authorize", turn.dialect.authorize(tokenOf(idToken)));
  else if (!isAcceptedOffline(turn, idToken)) return ignored("not connected, and the tag is not known");
  return DONE;
}

/** Begins a transaction without authorization, as a station that has done it before. */
export function startTransaction(
  turn: Turn,
  { connectorId, idToken, meterStartWh }: EventOf<"start_transaction">,
): CommandEnd {
  if (!isFreeFor(turn, connectorId, idToken)) return ignored("the connector is not free");
  if (meterStartWh !== null)
    turn.remember({ metersWh: { ...turn.state.memory.metersWh, [connectorId]: meterStartWh } });
  plugIn(turn, connectorId, true);
  admit(turn, connectorId, { token: tokenOf(idToken), isByCard: true });
  begin(turn, connectorId);
  return DONE;
}

export function stopTransaction(
  turn: Turn,
  { connectorId, transactionId, reason }: EventOf<"stop_transaction">,
): CommandEnd {
  const { charges, transactionIds } = turn.state.memory;
  const running = Object.entries(charges).filter(([, { stage }]) => stage === "charging");
  const found = running.find(([at, { id }]) => {
    if (transactionId === null) return Number(at) === connectorId;
    return transactionId === (turn.version === "ocpp1.6" ? transactionIds[id] : id);
  });
  if (!found) return ignored("no such transaction runs");
  endTransaction(turn, Number(found[0]), reason);
  return DONE;
}

/** A driver plugs in and presents a card; the transaction begins when it is accepted. */
export function startSession(turn: Turn, event: EventOf<"start_session">): CommandEnd {
  const { connectorId, idToken, durationSeconds, targetEnergyWh } = event;
  if (!isFreeFor(turn, connectorId, idToken)) return ignored("the connector is not free");
  plugIn(turn, connectorId, false);
  admit(turn, connectorId, {
    token: tokenOf(idToken),
    isByCard: true,
    lastsMs: durationSeconds === null ? null : durationSeconds * 1_000,
    untilWh: targetEnergyWh,
  });
  reportStatuses(turn);
  presentCard(turn, connectorId);
  return DONE;
}

export function stopSession(turn: Turn, { connectorId }: AtConnector): CommandEnd {
  endTransaction(turn, connectorId, "Local");
  return unplugCar(turn, { connectorId });
}

export function requestEnergy(turn: Turn, { connectorId }: AtConnector): CommandEnd {
  const car = turn.state.memory.cars[connectorId];
  if (!car) return ignored("no car is plugged in");
  if (!car.isIdle) return ignored("the car asks for energy already");
  setCar(turn, connectorId, { isIdle: false });
  return DONE;
}

export function stopEnergy(turn: Turn, { connectorId }: AtConnector): CommandEnd {
  const car = turn.state.memory.cars[connectorId];
  if (!car) return ignored("no car is plugged in");
  if (car.isIdle) return ignored("the car asks for no energy already");
  setCar(turn, connectorId, { isIdle: true });
  return DONE;
}

export function updatePower(turn: Turn, { connectorId, powerW }: EventOf<"power_update">): CommandEnd {
  if (!turn.state.memory.cars[connectorId]) return ignored("no car is plugged in");
  setCar(turn, connectorId, { maxW: powerW });
  return DONE;
}

function tokenOf(idToken: string): IdToken {
  return { idToken, type: "Central" };
}
