import { clearCache } from "../clear-cache.ts";
import { dataTransfer } from "../data-transfer.ts";
import type { Dialect } from "../dialect.ts";
import { meterReading } from "../meter.ts";
import { changeAvailability } from "./change-availability.ts";
import { changeConfiguration } from "./change-configuration.ts";
import { getConfiguration } from "./get-configuration.ts";
import { reset } from "./reset.ts";
import { triggerMessage } from "./trigger-message.ts";
import { unlockConnector } from "./unlock-connector.ts";

export const dialect16: Dialect = {
  firstConnector: 0,
  boot: ({ state: { profile } }) => ({
    chargePointVendor: profile.vendor.slice(0, 20),
    chargePointModel: profile.model.slice(0, 20),
    chargePointSerialNumber: profile.serialNumber.slice(0, 25),
    firmwareVersion: profile.firmwareVersion.slice(0, 50),
  }),
  status: (turn, connectorId, status) => ({
    connectorId,
    errorCode: "NoError",
    status,
    timestamp: turn.now(),
  }),
  meterValues: (turn, connectorId) => ({
    connectorId,
    meterValue: [
      {
        timestamp: turn.now(),
        sampledValue: [
          {
            value: String(meterReading(turn, connectorId)),
            context: "Trigger",
            measurand: "Energy.Active.Import.Register",
            unit: "Wh",
          },
        ],
      },
    ],
  }),
  actions: {
    ChangeAvailability: changeAvailability,
    ChangeConfiguration: changeConfiguration,
    ClearCache: clearCache,
    DataTransfer: dataTransfer,
    ExtendedTriggerMessage: triggerMessage,
    GetConfiguration: getConfiguration,
    Reset: reset,
    TriggerMessage: triggerMessage,
    UnlockConnector: unlockConnector,
  },
};
