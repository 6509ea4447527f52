import type { CommandTable } from "../charger-command.ts";
import { askStatus } from "../command-script.ts";
import { call, clearCache, dataTransfer } from "../shared-commands.ts";
import {
  changeConfiguration,
  changeConfigurations,
  getConfiguration,
  setAuthorizationKey,
} from "./outbound/configuration.ts";
import { getLocalListLimits, getLocalListVersion, sendLocalList } from "./outbound/local-list.ts";
import { remoteStart, remoteStop, triggerMessage } from "./outbound/remote-control.ts";
import { reserve } from "./outbound/reservations.ts";
import { getDiagnostics, updateFirmware } from "./outbound/transfers.ts";

/** Commands of OCPP 1.6: command kind to generator. */
export const commandsV16: CommandTable = {
  reset: ({ type }) => askStatus("Reset", { type }),
  unlock: ({ connectorId }) => askStatus("UnlockConnector", { connectorId }),
  clearCache,
  trigger: triggerMessage,
  availability: ({ connectorId, type }) => askStatus("ChangeAvailability", { connectorId, type }),
  getConfiguration,
  changeConfiguration,
  changeConfigurations,
  setAuthorizationKey,
  updateFirmware,
  diagnostics: getDiagnostics,
  dataTransfer,
  remoteStart,
  remoteStop,
  reserve,
  cancelReservation: ({ reservationId }) => askStatus("CancelReservation", { reservationId }),
  sendLocalList,
  getLocalListVersion,
  getLocalListLimits,
  call,
  raw: call,
};
