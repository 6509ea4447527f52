import type { CommandTable } from "../charger-command.ts";
import { askStatus } from "../command-script.ts";
import { call, clearCache, dataTransfer } from "../shared-commands.ts";
import { getVariables } from "./outbound/get-variables.ts";
import { getLocalListVersion, sendLocalList } from "./outbound/local-list.ts";
import {
  changeAvailability,
  requestStart,
  requestStop,
  triggerMessage,
  unlockConnector,
} from "./outbound/remote-control.ts";
import { setPassword, setVariable, setVariables } from "./outbound/set-variables.ts";
import { getLog, updateFirmware } from "./outbound/transfers.ts";

/** What we may send to a 2.0.1 or 2.1 station: command to conversation. */
export const commandsV2x: CommandTable = {
  // OnIdle waits for transactions where a 1.6 soft reset ends them (B12); 2.1 ImmediateAndResume has no counterpart.
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
  sendLocalList,
  getLocalListVersion,
  call,
};
