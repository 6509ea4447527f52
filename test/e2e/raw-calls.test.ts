import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { URL_FIELDS } from "../../src/ocpp/guarded-fields.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../src/ocpp/json.ts";
import { loadValidators } from "../../src/ocpp/validators.ts";
import { OCPP_VERSIONS, type OcppVersion } from "../../src/ocpp/version.ts";
import { call, postBatch } from "../harness/fleet.ts";
import { everyRequest, invalidPayloads, validPayloads } from "../harness/ocpp-payload.ts";
import { ForeignStation } from "../harness/ocpp-station/foreign-station.ts";
import { requestSchemas, responseSchemas } from "../harness/ocpp-station/request-schemas.ts";
import { exampleOf } from "../harness/openapi/example.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

const total = Number(process.env["BUSBAR_FUZZ"] ?? 300);
const seed = Number(process.env["BUSBAR_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
// As many of each action of each version.
const parameters = { numRuns: Math.max(2, Math.ceil(total / everyRequest.length)), seed };

let stack: RunningStack;
beforeAll(async () => {
  process.stdout.write(
    `raw calls: ${total} valid payloads and as many invalid ones, BUSBAR_FUZZ_SEED=${seed}\n`,
  );
  stack = await startStack();
});
afterAll(() => stack.stop());

const send = (identity: string, action: string, payload: JsonObject) =>
  call(stack, "POST", `/api/v1/chargers/${identity}/ocpp/${action}`, payload);

/** Names of fields whose values the guards look at, with values that they let pass. */
const HARMLESS: Record<string, JsonValue> = { stackLevel: 7, securityProfile: 3, chargingProfileId: 5 };

/** The payload with values that no guard refuses, so that its schema alone decides. */
function harmless(version: OcppVersion, action: string, payload: JsonObject): JsonObject {
  if (action === "ClearChargingProfile")
    return { ...payload, [version === "ocpp1.6" ? "id" : "chargingProfileId"]: 5 };
  const isUrl = (path: string[]) => URL_FIELDS[action]?.some((field) => field.path.join() === path.join());
  const url =
    action === "SetNetworkProfile" ? "wss://csms.example.com/ocpp" : "https://files.example.com/a?b=c";
  const walk = (value: JsonValue, path: string[]): JsonValue => {
    const name = path.at(-1) ?? "";
    if (isUrl(path)) return url;
    if (typeof value === "number" && Object.hasOwn(HARMLESS, name)) return HARMLESS[name] ?? value;
    if (Array.isArray(value)) return value.map((entry) => walk(entry, [...path, "*"]));
    if (!isJsonObject(value)) return value;
    const fields = Object.entries(value).filter(([field]) => field !== "basicAuthPassword");
    return Object.fromEntries(fields.map(([field, inner]) => [field, walk(inner, [...path, field])]));
  };
  const walked = walk(payload, []);
  return isJsonObject(walked) ? walked : payload;
}

describe.each(OCPP_VERSIONS)("every request that a central system may send on %s", (version) => {
  let station: ForeignStation;
  let validators: Awaited<ReturnType<typeof loadValidators>>;
  const answers = responseSchemas(version);
  beforeAll(async () => {
    validators = await loadValidators(version);
    station = await ForeignStation.booted(stack, `RAW-${version}`, version);
    station.react = ({ action }) => ({ answer: answerTo(action) });
  });
  afterAll(() => station.close());

  const answerTo = (action: string): JsonObject => exampleOf(answers.get(action) ?? {}) as JsonObject;
  const actions = everyRequest.filter((request) => request.version === version).map(({ action }) => action);
  const payloadsOf = (action: string) =>
    validPayloads(version, action)
      .map((payload) => harmless(version, action, payload))
      .filter((payload) => validators.request(action, payload) === null);

  test.each(actions)("%s reaches a station byte for byte, and its answer comes back", async (action) => {
    await fc.assert(
      fc.asyncProperty(payloadsOf(action), async (payload) => {
        const { status, body } = await send(station.identity, action, payload);
        const { messageId } = station.calls.at(-1) ?? {};
        const frame = `[2,${JSON.stringify(messageId)},${JSON.stringify(action)},${JSON.stringify(payload)}]`;
        const told = { chargeBoxId: station.identity, action, ocppVersion: version, messageId };
        expect([status, body]).toEqual([200, { ...told, response: answerTo(action) }]);
        expect(station.lastFrame).toBe(frame);
        expect(station.violations).toEqual([]);
      }),
      parameters,
    );
  });

  test.each(actions)(
    "%s with one thing wrong in its payload is refused before anything is sent",
    async (action) => {
      const broken = invalidPayloads(version, action, validators, payloadsOf(action));
      await fc.assert(
        fc.asyncProperty(broken, async ({ payload }) => {
          const before = station.calls.length;
          const { status, body } = await send(station.identity, action, payload);
          // What is wrong may be what a guard refuses.
          expect([400, 403, 409], JSON.stringify(body)).toContain(status);
          if (status === 400) expect(issues.parse(body).error.issues.length).toBeGreaterThan(0);
          expect(station.calls.length).toBe(before);
        }),
        parameters,
      );
    },
  );
});

const issues = z.object({
  error: z.object({ code: z.literal("VALIDATION_ERROR"), issues: z.array(z.unknown()) }),
});

describe("a simulated charger", () => {
  const VERSIONS: [string, OcppVersion][] = [
    ["OCPP1.6", "ocpp1.6"],
    ["OCPP2.0.1", "ocpp2.0.1"],
    ["OCPP2.1", "ocpp2.1"],
  ];

  async function simulated(version: string): Promise<string> {
    const batch = await postBatch(stack, { chargers: 1, version });
    const identity = (await batch.finished()).results?.created[0]?.identity;
    if (identity === undefined) throw new Error("the charger was not provisioned");
    return identity;
  }

  test.each(VERSIONS)(
    "of %s answers every request that a central system may send by its schema",
    async (name, version) => {
      const identity = await simulated(name);
      const requests = requestSchemas(version);
      // A reset ends the connection.
      const actions = everyRequest.filter((one) => one.version === version && one.action !== "Reset");
      for (const { action } of actions) {
        const payload = exampleOf(requests.get(action) ?? {}) as JsonObject;
        const { status, body } = await send(identity, action, harmless(version, action, payload));
        expect([action, status, body]).toMatchObject([action, 200, { ocppVersion: version }]);
      }
    },
  );

  test("sends the report it was asked for, which is shown under the id of the request", async () => {
    const identity = await simulated("OCPP2.0.1");
    const answer = await send(identity, "GetBaseReport", { requestId: 4711, reportBase: "FullInventory" });
    expect(answer).toMatchObject({ status: 200, body: { response: { status: "Accepted" } } });
    const report = await waitFor("the whole report", async () => {
      const { body } = await call(stack, "GET", `/api/v1/chargers/${identity}/ocpp/reports/4711`);
      const found = z
        .looseObject({ complete: z.boolean(), parts: z.array(z.looseObject({ seqNo: z.int() })) })
        .parse(body);
      return found.complete ? found : null;
    });
    expect(report.parts.map(({ seqNo }) => seqNo)).toEqual(report.parts.map((_, index) => index));
    expect(report).toMatchObject({ requestId: 4711, action: "GetBaseReport", missing: [] });
  });
});
