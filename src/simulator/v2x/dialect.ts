import { clearCache } from "../clear-cache.ts";
import { dataTransfer } from "../data-transfer.ts";
import type { Dialect } from "../dialect.ts";
import { meterReading } from "../meter.ts";
import { changeAvailability } from "./change-availability.ts";
import { getVariables } from "./get-variables.ts";
import { reset } from "./reset.ts";
import { setVariables } from "./set-variables.ts";
import { triggerMessage } from "./trigger-message.ts";
import { unlockConnector } from "./unlock-connector.ts";

export const dialect2x: Dialect = {
  firstConnector: 1,
  boot: ({ state: { profile } }, reason) => ({
    reason,
    chargingStation: {
      model: profile.model.slice(0, 20),
      vendorName: profile.vendor.slice(0, 50),
      serialNumber: profile.serialNumber.slice(0, 25),
      firmwareVersion: profile.firmwareVersion.slice(0, 50),
    },
  }),
  status: (turn, evseId, connectorStatus) => ({
    timestamp: turn.now(),
    connectorStatus,
    evseId,
    connectorId: 1,
  }),
  meterValues: (turn, evseId) => ({
    evseId,
    meterValue: [
      {
        timestamp: turn.now(),
        sampledValue: [
          {
            value: meterReading(turn, evseId),
            context: "Trigger",
            measurand: "Energy.Active.Import.Register",
            unitOfMeasure: { unit: "Wh" },
          },
        ],
      },
    ],
  }),
  actions: {
    ChangeAvailability: changeAvailability,
    ClearCache: clearCache,
    DataTransfer: dataTransfer,
    GetVariables: getVariables,
    Reset: reset,
    SetVariables: setVariables,
    TriggerMessage: triggerMessage,
    UnlockConnector: unlockConnector,
  },
};
