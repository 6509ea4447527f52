import type { CommandTable } from "../charger-command.ts";
import { askStatus } from "../command-script.ts";
import { call } from "../outbound/call.ts";
import { clearCache } from "../outbound/clear-cache.ts";
import { dataTransfer } from "../outbound/data-transfer.ts";
import {
  changeConfiguration,
  changeConfigurations,
  setAuthorizationKey,
} from "./outbound/change-configuration.ts";
import { getConfiguration } from "./outbound/get-configuration.ts";
import { getDiagnostics } from "./outbound/get-diagnostics.ts";
import { getLocalListVersion, sendLocalList } from "./outbound/local-list.ts";
import { remoteStart, remoteStop } from "./outbound/remote-transaction.ts";
import { triggerMessage } from "./outbound/trigger-message.ts";
import { updateFirmware } from "./outbound/update-firmware.ts";

/** What we may send to a 1.6 station: command to conversation. */
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
  sendLocalList,
  getLocalListVersion,
  call,
};
