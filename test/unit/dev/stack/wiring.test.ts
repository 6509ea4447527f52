import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadSecrets } from "../../../../dev/stack/secrets.ts";
import {
  chooseWiring,
  storeVariables,
  workerVariables,
  type Environment,
} from "../../../../dev/stack/wiring.ts";
import { temporaryDirectory } from "../../../harness/temporary-directory.ts";

const directory = temporaryDirectory();
const secrets = loadSecrets(join(directory.path, "secrets.json"));
directory.remove();
const ports = { sql: 1001, redis: 1002, engine: 1003, scheduler: 1004 };

const variablesFor = (env: Environment) =>
  workerVariables({ env, wiring: chooseWiring(env), secrets, ports, baseUrl: "http://127.0.0.1:8787" });

it("without any setting every store is embedded and the Worker gets their addresses", () => {
  expect(variablesFor({})).toEqual({
    BUSBAR_ENV: "development",
    PUBLIC_BASE_URL: "http://127.0.0.1:8787",
    DATABASE_URL: "postgresql://postgres:postgres@local.db/postgres",
    NEON_FETCH_ENDPOINT: "http://127.0.0.1:1001/sql",
    UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1002",
    UPSTASH_REDIS_REST_TOKEN: secrets.UPSTASH_REDIS_REST_TOKEN,
    QSTASH_URL: "http://127.0.0.1:1003",
    QSTASH_TOKEN: secrets.QSTASH_TOKEN,
    QSTASH_CURRENT_SIGNING_KEY: secrets.QSTASH_CURRENT_SIGNING_KEY,
    QSTASH_NEXT_SIGNING_KEY: secrets.QSTASH_NEXT_SIGNING_KEY,
    JWT_SECRET: secrets.JWT_SECRET,
    SETTINGS_TOKEN_SECRET: secrets.SETTINGS_TOKEN_SECRET,
    CREDENTIAL_SECRET: secrets.CREDENTIAL_SECRET,
    ALLOW_PRIVATE_TARGETS: "true",
    RATE_LIMIT_REQUESTS: "1000000",
    AUTH_FAILURE_LIMIT: "1000000",
    OCPP_UPGRADE_FAILURE_LIMIT: "1000000",
    SETTINGS_RATE_PER_SECOND: "1000000",
    SETTINGS_BURST: "1000000",
    SIMULATOR_WATCH_SECONDS: "5",
  });
});

it("DATABASE_URL means a hosted database and no embedded endpoint", () => {
  const env = {
    DATABASE_URL: "postgresql://u:p@ep-x.neon.tech/db",
    BUSBAR_PG_URL: "postgres://localhost/ignored",
  };
  expect(chooseWiring(env).sql).toEqual({ embedded: false });
  const variables = variablesFor(env);
  expect(variables["DATABASE_URL"]).toBe(env.DATABASE_URL);
  expect(variables["NEON_FETCH_ENDPOINT"]).toBeUndefined();
});

it("BUSBAR_PG_URL puts a real Postgres behind the embedded endpoint, under its own database name", () => {
  const env = { BUSBAR_PG_URL: "postgres://me@localhost:5432/busbar_test" };
  expect(chooseWiring(env).sql).toEqual({ embedded: true, pgUrl: env.BUSBAR_PG_URL });
  expect(variablesFor(env)["DATABASE_URL"]).toBe("postgresql://postgres:postgres@local.db/busbar_test");
});

it("BUSBAR_REDIS_URL puts a real Redis behind the embedded endpoint", () => {
  const env = { BUSBAR_REDIS_URL: "redis://localhost:6379" };
  expect(chooseWiring(env).redis).toEqual({ embedded: true, redisUrl: env.BUSBAR_REDIS_URL });
});

it("a hosted Redis or engine without its credentials is refused by the names that are missing", () => {
  expect(() => variablesFor({ UPSTASH_REDIS_REST_URL: "https://x.upstash.io" })).toThrow(
    "UPSTASH_REDIS_REST_URL is set, so UPSTASH_REDIS_REST_TOKEN must be set too.",
  );
  expect(() => variablesFor({ QSTASH_URL: "https://qstash.upstash.io", QSTASH_TOKEN: "t" })).toThrow(
    "QSTASH_URL is set, so QSTASH_CURRENT_SIGNING_KEY and QSTASH_NEXT_SIGNING_KEY must be set too.",
  );
});

it("a variable set to nothing counts as unset", () => {
  expect(variablesFor({ DATABASE_URL: "", QSTASH_URL: "", JWT_SECRET: "" })).toEqual(variablesFor({}));
});

it("a value the user gives wins over the local default", () => {
  const env = { RATE_LIMIT_REQUESTS: "5", OCPP_INBOUND_VALIDATION: "strict", JWT_SECRET: "x".repeat(32) };
  expect(variablesFor(env)).toMatchObject(env);
});

it("JWKS_URL takes the place of the generated JWT_SECRET", () => {
  const variables = variablesFor({ JWKS_URL: "https://issuer.example/jwks.json" });
  expect(variables["JWKS_URL"]).toBe("https://issuer.example/jwks.json");
  expect(variables["JWT_SECRET"]).toBeUndefined();
});

it("every variable the Worker reads can be set from outside, except those of the hosted development engine", () => {
  const source = readFileSync(join(import.meta.dirname, "../../../../src/env.ts"), "utf8");
  const schema = source.slice(source.indexOf("const variables"), source.indexOf("const oneTokenKey"));
  const names = [...schema.matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map((match) => match[1] ?? "");
  const everything = Object.fromEntries(names.map((name) => [name, "https://given.example"]));
  const passed = { ...variablesFor({ ...everything, JWKS_URL: "" }), ...variablesFor(everything) };
  const lost = names.filter((name) => passed[name] === undefined);
  expect(lost).toEqual(["QSTASH_DEV", "QSTASH_REGION"]);
});

it("the next start on the same data needs every variable that said where data are", () => {
  const env = { BUSBAR_PG_URL: "postgres://u:p@db.test/busbar", BUSBAR_REDIS_URL: "", PATH: "/bin" };
  expect(storeVariables(env)).toEqual(["BUSBAR_PG_URL"]);
});
