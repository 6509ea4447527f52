import { runtimeOperation } from "./runtime-operation.ts";

export const startChargerRuntime = runtimeOperation(
  "start",
  "Connects and boots the simulated charger; without effect while it is running.",
);
