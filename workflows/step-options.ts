import { Receiver } from "@upstash/qstash";
import type { Config } from "../src/env.ts";

/**
 * Options of `serve` shared by all runs. All are set here, because the SDK accepts unsigned steps if it finds no keys
 * in the environment. The guard verifies each delivery; `receiver` is the SDK's second check, for a route that the
 * guard does not cover.
 */
export interface StepOptions {
  baseUrl: string;
  env: Record<string, string>;
  receiver: Receiver;
  disableTelemetry: true;
}

/** Options for this deployment. */
export function stepOptions(config: Config): StepOptions {
  const current = config.QSTASH_CURRENT_SIGNING_KEY ?? "";
  const next = config.QSTASH_NEXT_SIGNING_KEY ?? "";
  return {
    baseUrl: config.PUBLIC_BASE_URL,
    env: {
      QSTASH_URL: config.QSTASH_URL ?? "",
      QSTASH_TOKEN: config.QSTASH_TOKEN ?? "",
      QSTASH_CURRENT_SIGNING_KEY: current,
      QSTASH_NEXT_SIGNING_KEY: next,
    },
    receiver: new Receiver({ currentSigningKey: current, nextSigningKey: next }),
    disableTelemetry: true,
  };
}
