import { runtimeOperation } from "./runtime-operation.ts";

export const stopChargerRuntime = runtimeOperation(
  "stop",
  "Like a power cut, until the next start. Stored: it outlives restarts of the service.",
);
