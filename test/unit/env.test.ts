import { describe, expect, it } from "vitest";
import { Misconfigured, readEnv, type RawEnv } from "../../src/env.ts";

const namespace = { getByName: () => ({ fetch: async () => new Response() }) };
const COMPLETE = {
  CHARGE_POINT_SESSION: namespace,
  SIMULATOR_HOST: namespace,
  TRANSACTION_IDS: namespace,
  SESSION_SHELF: namespace,
  TAG_REGISTRY: namespace,
  EVENTS_LIVE: namespace,
  PUBLIC_BASE_URL: "https://busbar.example/",
  DATABASE_URL: "postgresql://u:p@db.test/busbar",
  UPSTASH_REDIS_REST_URL: "https://redis.test",
  UPSTASH_REDIS_REST_TOKEN: "token",
  JWT_SECRET: "j".repeat(32),
  SETTINGS_TOKEN_SECRET: "s".repeat(32),
  CREDENTIAL_SECRET: "c".repeat(32),
};

const read = (variables: Record<string, unknown>) => readEnv({ ...COMPLETE, ...variables } as RawEnv);

function faults(variables: Record<string, unknown>): string[] {
  try {
    read(variables);
    return [];
  } catch (error) {
    if (error instanceof Misconfigured) return error.variables.map((text) => text.split(":")[0] ?? "");
    throw error;
  }
}

const NUMBERS = [
  "RATE_LIMIT_REQUESTS",
  "RATE_LIMIT_WINDOW_SECONDS",
  "AUTH_FAILURE_LIMIT",
  "OUTAGE_GRACE_SECONDS",
  "SETTINGS_RATE_PER_SECOND",
  "SETTINGS_BURST",
  "OCPP_UPGRADE_FAILURE_LIMIT",
  "BODY_DEADLINE_SECONDS",
  "CHARGER_LIMIT",
  "OPEN_JOB_LIMIT",
  "PROVISION_PARALLELISM",
  "SIMULATOR_CONNECTS_PER_SECOND",
  "SIMULATOR_WATCH_SECONDS",
  "WEBHOOK_RETRIES",
];

describe("configuration", () => {
  it("takes numbers as text and as numbers, and what is absent has its default", () => {
    const config = read({ CHARGER_LIMIT: "5", OPEN_JOB_LIMIT: 7 });
    expect(config).toMatchObject({ CHARGER_LIMIT: 5, OPEN_JOB_LIMIT: 7, PROVISION_PARALLELISM: 20 });
  });

  it("knows every number by name in this test", () => {
    const config: Record<string, unknown> = { ...read({}) };
    expect(Object.keys(config).filter((name) => typeof config[name] === "number")).toEqual(NUMBERS);
  });

  it.each(NUMBERS)("refuses an empty %s, which is not 0", (name) => {
    expect(faults({ [name]: "" })).toEqual([name]);
    expect(faults({ [name]: " " })).toEqual([name]);
  });

  it.each(["x", "1.5", "-1", "1e3", "0x10", true, null, 1.5])("refuses %s as a number", (value) => {
    expect(faults({ CHARGER_LIMIT: value })).toEqual(["CHARGER_LIMIT"]);
  });

  it("refuses an empty value of what must be there", () => {
    const required = ["PUBLIC_BASE_URL", "DATABASE_URL", "UPSTASH_REDIS_REST_URL", "CREDENTIAL_SECRET"];
    for (const name of [...required, "JWT_SECRET", "JWT_AUDIENCE"])
      expect(faults({ [name]: "" })).toEqual([name]);
  });

  it.each([
    ["1", []],
    ["200", []],
    ["0", ["PROVISION_PARALLELISM"]],
    ["201", ["PROVISION_PARALLELISM"]],
  ])(
    "with PROVISION_PARALLELISM=%s finds fault with %j: the last charger has to see that it is the last",
    (value, found) => {
      expect(faults({ PROVISION_PARALLELISM: value })).toEqual(found);
    },
  );
});
