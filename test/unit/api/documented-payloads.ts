import type { paths } from "../../../dashboard/src/api.gen.ts";

type Body<Path extends keyof paths, Method extends "post" | "put"> =
  NonNullable<paths[Path][Method]> extends {
    requestBody?: { content: { "application/json": infer Payload } };
  }
    ? Payload
    : never;

/** Payloads of the reference pages that our surfaces follow, as a client in TypeScript would write them. */
export const createLocationChargers: Body<"/ocpp/locations/{location_id}/chargers", "post"> = [
  {
    template: {
      brand_slug: "schneider",
      model_slug: "evlink-pro-ac-22kw",
      connector_type: "CCS2",
      ws_url: "wss://ocpp.ocpplab.com",
      ocpp_version: "OCPP1.6",
      identity_prefix: "SITE_A_",
      template_name: "Charger",
    },
    charger_ids: ["001", "002"],
    chargers_number: 5,
  },
];

export const createCharger: Body<"/ocpp/chargers", "post"> = {
  identity: "CP-FAST-201",
  brand_slug: "abb",
  model_slug: "terra-184",
  connector_type: "CCS2",
  ws_url: "wss://example-ocpp-backend.test/ws",
  ocpp_version: "OCPP2.0.1",
  charge_point_name: "Fast Bay 01",
  location_id: "4090477f-a416-4515-a302-97aa344a0a2a",
  location_name: "La Defense Charging Hub",
};

export const moveCharger: Body<"/ocpp/chargers/{charger_id}", "put"> = {
  charge_point_name: "Bay A02",
  connector_type: "CCS2",
  location_id: "5d4e8d84-6f1c-49a7-9e0d-5e6d65f0f4a2",
};

export const renameCharger: Body<"/ocpp/chargers/{charger_id}", "put"> = { charge_point_name: "Bay B01" };

export const updateSettings: Body<"/api/chargers/{id}/update", "post"> = {
  maxChargeCurrent: 16,
  maxChargePhases: 3,
  minChargeCurrent: 6,
  offlineChargeCurrent: -1,
  offlineChargePhase: 0,
  meterValueInterval: 900,
};

type Command<Name extends string> = Body<`/api/v1/chargers/{chargeBoxId}/${Name}` & keyof paths, "post">;

export const reset: Command<"reset"> = { type: "Soft" };
export const unlock: Command<"unlock"> = { connectorId: 1 };
export const trigger: Command<"trigger"> = { requestedMessage: "StatusNotification", connectorId: 1 };
export const availability: Command<"availability"> = { connectorId: 1, type: "Inoperative" };
export const readKeys: Command<"configuration/get"> = {
  key: ["HeartbeatInterval", "MeterValueSampleInterval"],
};
export const readAllKeys: Command<"configuration/get"> = {};
export const changeKey: Command<"configuration/change"> = { key: "HeartbeatInterval", value: "600" };
export const updateFirmware: Command<"firmware/update"> = {
  location: "https://firmware.example.com/v2.0.0/firmware.bin",
  retrieveDate: "2026-02-10T14:00:00Z",
  retries: 3,
  retryInterval: 60,
};
export const diagnostics: Command<"diagnostics"> = {
  location: "https://uploads.example.com/diagnostics/",
  startTime: "2026-02-09T00:00:00Z",
  stopTime: "2026-02-10T00:00:00Z",
  retries: 3,
  retryInterval: 60,
};
export const transferData: Command<"data-transfer"> = {
  vendorId: "MyVendor",
  messageId: "GetDisplayMessage",
  data: '{"screen": 1}',
};
export const registerCharger: Body<"/api/v1/chargers", "post"> = { chargeBoxId: "CHARGER-001" };
export const createApiKey: Body<"/api/v1/auth/api-keys", "post"> = { name: "Production API Key" };
