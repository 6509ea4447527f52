import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OCPP_VERSIONS, type OcppVersion } from "../../src/ocpp/version.ts";
import { call } from "../harness/fleet.ts";
import { CASES_16 } from "../harness/ocpp-station/cases-16.ts";
import { CASES_2X } from "../harness/ocpp-station/cases-2x.ts";
import type { CommandCase } from "../harness/ocpp-station/command-case.ts";
import { ForeignStation, type Reaction } from "../harness/ocpp-station/foreign-station.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const casesOf = (version: OcppVersion) => (version === "ocpp1.6" ? CASES_16 : CASES_2X);
const everyCase = OCPP_VERSIONS.flatMap((version) =>
  casesOf(version).map((commandCase) => ({ version, path: commandCase.path, commandCase })),
);

function stationFor(purpose: string, version: OcppVersion, { path }: CommandCase): Promise<ForeignStation> {
  return ForeignStation.booted(stack, `${purpose}${path.replaceAll("/", "-")}-${version}`, version);
}

function post(station: ForeignStation, { path, body }: CommandCase, timeoutSeconds = 10) {
  const target = `/api/v1/chargers/${station.identity}${path}?timeout=${timeoutSeconds}`;
  return call(stack, "POST", target, body);
}

/** Posts the command to a station that reacts like this, and notes how long the answer took. */
async function postTo(
  station: ForeignStation,
  commandCase: CommandCase,
  reaction: Reaction,
  timeoutSeconds?: number,
) {
  station.react = () => reaction;
  const startedAtMs = performance.now();
  const answer = await post(station, commandCase, timeoutSeconds);
  return { ...answer, elapsedMs: performance.now() - startedAtMs };
}

const requestId: unknown = expect.any(String);
const refusal = (error: Record<string, unknown>) => ({ success: false, error: { requestId, ...error } });

describe.concurrent.each(everyCase)("$path on $version", ({ version, commandCase }) => {
  test("reaches an independent station as the specification says, and every answer is returned as documented", async ({
    expect,
  }) => {
    const station = await stationFor("ANSWERS", version, commandCase);
    for (const { answer, body } of commandCase.outcomes) {
      const { status, body: told } = await postTo(station, commandCase, { answer });
      expect(station.violations).toEqual([]);
      expect(told).toEqual({ chargeBoxId: station.identity, ...body });
      expect(status).toBe(200);
    }
    expect(station.calls.map(({ action, payload }) => ({ action, payload }))).toEqual([
      ...(commandCase.question ? [commandCase.question] : []),
      ...commandCase.outcomes.map(() => commandCase.call),
    ]);
    await station.close();
  });

  test("has the true outcome when the station refuses, violates the schema, does not answer, disconnects or is offline", async ({
    expect,
  }) => {
    const station = await stationFor("FAILS", version, commandCase);
    const { identity } = station;
    const { action } = commandCase.call;

    const error = { error: "NotImplemented", description: "not in this firmware" };
    const objected = await postTo(station, commandCase, error);
    expect(objected.status).toBe(502);
    expect(objected.body).toEqual(
      refusal({
        code: "OCPP_ERROR",
        message: `Charger ${identity} answered with an OCPP error: NotSupported`,
        ocppErrorCode: "NotSupported",
        ocppErrorDescription: "not in this firmware",
        ocppAction: action,
        sent: true,
      }),
    );

    station.react = ({ messageId }) => {
      station.sendRaw([3, messageId, "no object"]);
      return "silence";
    };
    const broken = await post(station, commandCase);
    expect(broken.status).toBe(502);
    expect(broken.body).toEqual(
      refusal({
        code: "INVALID_RESPONSE",
        message: `Charger ${identity} gave an answer that breaks the OCPP schema`,
        sent: true,
      }),
    );

    const silent = await postTo(station, commandCase, "silence", 1);
    expect(silent.status).toBe(504);
    expect(silent.body).toEqual(
      refusal({
        code: "TIMEOUT",
        message: `Charger ${identity} did not respond within 1 second`,
        sent: true,
      }),
    );

    const dropped = await postTo(station, commandCase, "drop");
    expect(dropped.elapsedMs).toBeLessThan(1000);
    expect(dropped.status).toBe(503);
    expect(dropped.body).toEqual(
      refusal({
        code: "CONNECTION_LOST",
        message: `The connection to charger ${identity} was lost`,
        sent: true,
      }),
    );

    const away = await post(station, commandCase);
    expect(away.status).toBe(503);
    expect(away.headers.get("retry-after")).toBe("30");
    expect(away.body).toEqual(
      refusal({ code: "SERVICE_UNAVAILABLE", message: `Charger ${identity} is not connected`, sent: false }),
    );
    expect(station.calls.map((received) => received.action)).toEqual([action, action, action, action]);
  });
});
