import type { CommandTable } from "../charger-command.ts";
import { askStatus } from "../command-script.ts";
import { call, clearCache, dataTransfer } from "../shared-commands.ts";
import { getVariables } from "./outbound/get-variables.ts";
import { getLocalListLimits, getLocalListVersion, sendLocalList } from "./outbound/local-list.ts";
import {
  changeAvailability,
  requestStart,
  requestStop,
  triggerMessage,
  unlockConnector,
} from "./outbound/remote-control.ts";
import { reserve } from "./outbound/reservations.ts";
import { setPassword, setVariable, setVariables } from "./outbound/set-variables.ts";
import { getLog, updateFirmware } from "./outbound/transfers.ts";

/** Commands of OCPP 2.0.1 and 2.1: command kind to generator. */
export const commandsV2x: CommandTable = {
  // OnIdle waits for transactions to end, whereas a 1.6 soft reset ends them (B12). ImmediateAndResume of 2.1 is not
  // offered.
  reset: ({ type }) => askStatus("Reset", { type: type === "Soft" ? "OnIdle" : "Immediate" }),
  unlock: unlockConnector,
  clearCache,
  trigger: triggerMessage,
  availability: changeAvailability,
  getConfiguration: getVariables,
  changeConfiguration: setVariable,
  changeConfigurations: setVariables,
  setAuthorizationKey: setPassword,
  updateFirmware,
  diagnostics: getLog,
  dataTransfer,
  remoteStart: requestStart,
  remoteStop: requestStop,
  reserve,
  cancelReservation: ({ reservationId }) => askStatus("CancelReservation", { reservationId }),
  sendLocalList,
  getLocalListVersion,
  getLocalListLimits,
  call,
  raw: call,
};
