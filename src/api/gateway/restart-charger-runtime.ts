import { runtimeOperation } from "./runtime-operation.ts";

export const restartChargerRuntime = runtimeOperation("restart", "Stop, then start: one BootNotification.");
