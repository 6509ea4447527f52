import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { loadValidators, type Validators } from "../../../src/ocpp/validators.ts";
import { OCPP_VERSIONS, type OcppVersion } from "../../../src/ocpp/version.ts";
import type { TransactionMessage } from "../../../src/simulator/station/charge.ts";
import type { Effect, TimerName } from "../../../src/simulator/station/turn.ts";
import { StationUnderTest } from "./station-under-test.ts";

type Move =
  | { kind: "powerOn" | "powerOff" | "connected" | "disconnected" }
  | { kind: "fire"; name: TimerName }
  | { kind: "answer"; how: "Accepted" | "Pending" | "Rejected" | "error" | "late" | "rubbish" }
  | { kind: "call"; action: string; payload: object };

const schedule16 = {
  startSchedule: "2026-01-01T00:00:00Z",
  chargingRateUnit: "A",
  chargingSchedulePeriod: [{ startPeriod: 0, limit: 10, numberPhases: 1 }],
};
const profile16 = {
  chargingProfileId: 1,
  stackLevel: 0,
  chargingProfilePurpose: "TxDefaultProfile",
  chargingProfileKind: "Absolute",
  chargingSchedule: schedule16,
};
const profile2x = {
  id: 1,
  stackLevel: 0,
  chargingProfilePurpose: "TxDefaultProfile",
  chargingProfileKind: "Absolute",
  chargingSchedule: [{ id: 1, ...schedule16 }],
};
const location = "https://firmware.example.com/v2.0.0/firmware.bin";
const signedFirmware = {
  location,
  retrieveDateTime: "2026-01-01T00:01:00Z",
  installDateTime: "2026-01-01T00:05:00Z",
  signingCertificate: "a certificate",
  signature: "a signature",
};
const idToken = { idToken: "TAG", type: "Central" };

const requests: Record<OcppVersion, ReadonlyArray<readonly [string, object]>> = {
  "ocpp1.6": [
    ["Reset", { type: "Hard" }],
    ["Reset", {}],
    ["TriggerMessage", { requestedMessage: "StatusNotification" }],
    ["TriggerMessage", { requestedMessage: "MeterValues", connectorId: 1 }],
    ["TriggerMessage", { requestedMessage: "BootNotification" }],
    ["TriggerMessage", { requestedMessage: "FirmwareStatusNotification" }],
    ["TriggerMessage", { requestedMessage: "DiagnosticsStatusNotification" }],
    ["ExtendedTriggerMessage", { requestedMessage: "LogStatusNotification" }],
    ["ChangeAvailability", { connectorId: 1, type: "Inoperative" }],
    ["ChangeAvailability", { connectorId: 0, type: "Operative" }],
    ["UnlockConnector", { connectorId: 1 }],
    ["ClearCache", {}],
    ["GetConfiguration", {}],
    ["GetConfiguration", { key: ["HeartbeatInterval", "Nope"] }],
    ["ChangeConfiguration", { key: "HeartbeatInterval", value: "30" }],
    ["ChangeConfiguration", { key: "AuthorizationKey", value: "0123456789abcdef0123456789abcdef" }],
    ["DataTransfer", { vendorId: "v" }],
    ["GetDiagnostics", { location: "ftp://x" }],
    ["GetLog", { logType: "SecurityLog", requestId: 3, log: { remoteLocation: "ftp://x" } }],
    ["UpdateFirmware", { location, retrieveDate: "2026-01-01T00:00:00Z" }],
    ["SignedUpdateFirmware", { requestId: 4, firmware: signedFirmware }],
    ["ExtendedTriggerMessage", { requestedMessage: "FirmwareStatusNotification" }],
    ["InstallCertificate", { certificateType: "CentralSystemRootCertificate", certificate: "none" }],
    ["RemoteStartTransaction", { idTag: "TAG" }],
    ["RemoteStartTransaction", { idTag: "TAG", connectorId: 1 }],
    ["RemoteStopTransaction", { transactionId: 7 }],
    ["Reset", { type: "Soft" }],
    ["ChangeConfiguration", { key: "AuthorizeRemoteTxRequests", value: "true" }],
    ["ChangeConfiguration", { key: "ClockAlignedDataInterval", value: "60" }],
    ["SendLocalList", { listVersion: 1, updateType: "Full", localAuthorizationList: [{ idTag: "TAG" }] }],
    ["GetLocalListVersion", {}],
    ["ReserveNow", { connectorId: 1, expiryDate: "2026-01-01T00:01:00Z", idTag: "TAG", reservationId: 5 }],
    ["CancelReservation", { reservationId: 5 }],
    ["SetChargingProfile", { connectorId: 0, csChargingProfiles: profile16 }],
    ["ClearChargingProfile", {}],
    ["GetCompositeSchedule", { connectorId: 0, duration: 60 }],
  ],
  "ocpp2.0.1": [
    ["Reset", { type: "OnIdle" }],
    ["Reset", { type: "Immediate", evseId: 1 }],
    ["TriggerMessage", { requestedMessage: "StatusNotification", evse: { id: 1, connectorId: 1 } }],
    ["TriggerMessage", { requestedMessage: "MeterValues" }],
    ["TriggerMessage", { requestedMessage: "LogStatusNotification" }],
    ["TriggerMessage", { requestedMessage: "FirmwareStatusNotification" }],
    ["ChangeAvailability", { operationalStatus: "Inoperative" }],
    ["UnlockConnector", { evseId: 1, connectorId: 1 }],
    ["ClearCache", {}],
    [
      "GetVariables",
      {
        getVariableData: [{ component: { name: "SecurityCtrlr" }, variable: { name: "BasicAuthPassword" } }],
      },
    ],
    [
      "SetVariables",
      {
        setVariableData: [
          {
            attributeValue: "30",
            component: { name: "OCPPCommCtrlr" },
            variable: { name: "HeartbeatInterval" },
          },
        ],
      },
    ],
    ["SetVariables", {}],
    ["DataTransfer", { vendorId: "v" }],
    ["GetReport", { requestId: 1 }],
    ["GetReport", { requestId: 1, componentCriteria: ["Problem"] }],
    ["GetChargingProfiles", { requestId: 1, chargingProfile: {} }],
    ["GetBaseReport", { requestId: 1, reportBase: "FullInventory" }],
    ["GetLog", { logType: "SecurityLog", requestId: 3, log: { remoteLocation: "ftp://x" } }],
    ["UpdateFirmware", { requestId: 4, firmware: { location, retrieveDateTime: "2026-01-01T00:00:00Z" } }],
    ["UpdateFirmware", { requestId: 4, firmware: signedFirmware }],
    ["InstallCertificate", { certificateType: "CSMSRootCertificate", certificate: "none" }],
    ["RequestStartTransaction", { remoteStartId: 1, idToken }],
    ["RequestStartTransaction", { remoteStartId: 1, idToken, evseId: 1 }],
    ["RequestStopTransaction", { transactionId: "m9" }],
    ["GetTransactionStatus", {}],
    ["Reset", { type: "Immediate" }],
    ["SendLocalList", { versionNumber: 1, updateType: "Full", localAuthorizationList: [{ idToken }] }],
    ["GetLocalListVersion", {}],
    ["ReserveNow", { id: 5, expiryDateTime: "2026-01-01T00:01:00Z", idToken, evseId: 1 }],
    ["CancelReservation", { reservationId: 5 }],
    ["SetChargingProfile", { evseId: 0, chargingProfile: profile2x }],
    ["ClearChargingProfile", {}],
    ["GetCompositeSchedule", { evseId: 1, duration: 60 }],
    ["TriggerMessage", { requestedMessage: "TransactionEvent" }],
  ],
  "ocpp2.1": [],
};
requests["ocpp2.1"] = requests["ocpp2.0.1"];

function moves(version: OcppVersion) {
  const simple = fc.constantFrom("powerOn", "powerOff", "connected", "connected", "disconnected");
  const timers = fc.constantFrom<TimerName>(
    "answer",
    "aligned",
    "backlog",
    "boot",
    "connector 1",
    "connector 1",
    "meter",
    "connector 2",
    "dial",
    "firmware",
    "heartbeat",
    "limits",
    "log",
    "meter",
    "reservation",
    "restart",
  );
  const answers = fc.constantFrom(
    "Accepted",
    "Accepted",
    "Accepted",
    "Accepted",
    "Pending",
    "Rejected",
    "error",
    "late",
    "rubbish",
  );
  const commands = fc.constantFrom(...requests[version], ...starts(version), ...starts(version));
  return fc.array(
    fc.oneof(
      { weight: 1, arbitrary: simple.map((kind) => ({ kind }) as Move) },
      { weight: 4, arbitrary: timers.map((name): Move => ({ kind: "fire", name })) },
      { weight: 4, arbitrary: answers.map((how) => ({ kind: "answer", how }) as Move) },
      {
        weight: 4,
        arbitrary: commands.map(([action, payload]): Move => ({ kind: "call", action, payload })),
      },
    ),
    { minLength: 30, maxLength: 120, size: "max" },
  );
}

/** Charging needs several moves in a row, so it is begun more often. */
function starts(version: OcppVersion) {
  return requests[version].filter(([action]) => /Remote|RequestSt/.test(action));
}

/** Serves any CALL: what an action does not know is not looked at. */
function answerOf(status: string): object {
  const info = { status: status === "Accepted" ? "Accepted" : "Invalid" };
  return { status, interval: 30, transactionId: 7, idTagInfo: info, idTokenInfo: info };
}

function play(station: StationUnderTest, move: Move, serial: number): void {
  switch (move.kind) {
    case "fire":
      if (station.timers.has(move.name)) station.fire(move.name);
      return;
    case "answer": {
      const id = move.how === "late" ? "long-gone" : (station.state.outstanding?.id ?? "none");
      const answer = move.how === "error" ? [4, id, "InternalError", "", {}] : [3, id, answerOf(move.how)];
      station.input({ kind: "frame", text: move.how === "rubbish" ? "{nonsense" : JSON.stringify(answer) });
      return;
    }
    case "call":
      station.call(move.action, move.payload, `csms-${serial}`);
      return;
    default:
      station.input({ kind: move.kind });
  }
}

interface Moment {
  move: Move;
  serial: number;
  linkBefore: string;
  /** Id of the CALL that was outstanding before the move. */
  waitedFor: string | null;
  sentBefore: number;
  effects: readonly Effect[];
}

/** What a station has told of its transactions, read from its backlog after every step. */
class Diary {
  /** Begun and not ended. */
  readonly open = new Set<string>();
  readonly #ended = new Set<string>();
  readonly #seqNos = new Map<string, number>();
  #known: readonly TransactionMessage[] = [];

  /** How many transactions ended since it was read last. */
  read({ state }: StationUnderTest): number {
    const { backlog } = state.memory;
    const fresh = backlog.filter((message) => !this.#known.some((each) => each.payload === message.payload));
    this.#known = backlog;
    return fresh.filter((message) => this.#note(message)).length;
  }

  #note({ action, chargeId, payload }: TransactionMessage): boolean {
    const isBegin = action === "StartTransaction" || payload["eventType"] === "Started";
    const isEnd = action === "StopTransaction" || payload["eventType"] === "Ended";
    expect([isBegin, this.#ended.has(chargeId)]).toEqual([!this.open.has(chargeId), false]);
    if (isBegin) this.open.add(chargeId);
    if (isEnd) {
      this.open.delete(chargeId);
      this.#ended.add(chargeId);
    }
    if (action === "TransactionEvent") {
      const seqNo = this.#seqNos.has(chargeId) ? (this.#seqNos.get(chargeId) ?? 0) + 1 : 0;
      expect(payload["seqNo"]).toBe(seqNo);
      this.#seqNos.set(chargeId, seqNo);
    }
    return isEnd;
  }
}

describe.each(OCPP_VERSIONS)("whatever happens to a %s station", (version) => {
  let validators: Validators;
  beforeAll(async () => {
    validators = await loadValidators(version);
  });

  const always = (check: (station: StationUnderTest, moment: Moment) => void) =>
    fc.assert(
      fc.property(moves(version), fc.boolean(), (list, isBooted) => {
        const station = new StationUnderTest(version);
        if (isBooted) station.boot();
        list.forEach((move, serial) => {
          const moment = { move, serial, linkBefore: station.state.link, sentBefore: station.sent.length };
          const waitedFor = station.state.outstanding?.id ?? null;
          const effectsBefore = station.effects.length;
          play(station, move, serial);
          const effects = station.effects.slice(effectsBefore);
          check(station, { ...moment, waitedFor, effects });
        });
      }),
      { numRuns: 300 },
    );

  test("never has two CALLs outstanding on one line", () => {
    const open = new WeakMap<StationUnderTest, string | null>();
    always((station, { move, waitedFor, effects }) => {
      let outstanding = open.get(station) ?? null;
      const isEnded =
        (move.kind === "answer" &&
          move.how !== "late" &&
          move.how !== "rubbish" &&
          waitedFor === outstanding) ||
        (move.kind === "fire" && move.name === "answer") ||
        move.kind === "disconnected";
      if (isEnded) outstanding = null;
      for (const effect of effects) {
        if (effect.kind === "close") outstanding = null;
        if (effect.kind !== "send" || !effect.text.startsWith("[2,")) continue;
        expect(outstanding).toBeNull();
        outstanding = (JSON.parse(effect.text) as [number, string])[1];
      }
      open.set(station, outstanding);
    });
  });

  test("answers every CALL it reads exactly once", () => {
    always((station, { move, serial, linkBefore, sentBefore }) => {
      const answers = station.sent
        .slice(sentBefore)
        .filter((frame) => frame.type !== 2 && frame.id === `csms-${serial}`);
      expect(answers).toHaveLength(move.kind === "call" && linkBefore === "up" ? 1 : 0);
    });
  });

  test("is connected, connecting, or about to connect while it is switched on", () => {
    always((station) => {
      const { power, link } = station.state;
      expect(power === "off" ? link === "down" : link !== "down" || station.timers.has("dial")).toBe(true);
    });
  });

  test("always has a timer: for an answer, a boot or a heartbeat", () => {
    always((station) => {
      if (station.state.link !== "up") return;
      expect(["answer", "boot", "heartbeat"].some((name) => station.timers.has(name as TimerName))).toBe(
        true,
      );
    });
  });

  test("sends frames that the official schemas accept", () => {
    always((station, { move, sentBefore }) => {
      for (const frame of station.sent.slice(sentBefore)) {
        if (frame.type === 2)
          expect([frame, validators.request(frame.action, frame.payload)]).toEqual([frame, null]);
        if (frame.type === 3 && move.kind === "call") {
          expect([frame, validators.response(move.action, frame.payload)]).toEqual([frame, null]);
        }
      }
    });
  });

  test("begins and ends every transaction once, in order, and numbers its events without a gap", () => {
    const diaries = new WeakMap<StationUnderTest, Diary>();
    let ends = 0;
    always((station) => {
      const diary = diaries.get(station) ?? new Diary();
      diaries.set(station, diary);
      ends += diary.read(station);
      const running = Object.values(station.state.memory.charges).flatMap(({ id, stage }) =>
        stage === "charging" ? [id] : [],
      );
      expect(diary.open).toEqual(new Set(running));
    });
    expect(ends).toBeGreaterThan(0);
  });

  test("writes its memory at most once in a step", () => {
    always((_station, { effects }) => {
      expect(effects.filter(({ kind }) => kind === "remember").length).toBeLessThanOrEqual(1);
    });
  });

  test("sends only requested messages before its boot was accepted", () => {
    always((station, { sentBefore }) => {
      if (station.state.registration === "accepted") return;
      const unasked = station.sent
        .slice(sentBefore)
        .filter((frame) => frame.type === 2 && frame.action !== "BootNotification");
      const isTriggered = station.state.outstanding?.triggered ?? false;
      expect(unasked.length === 0 || isTriggered).toBe(true);
    });
  });
});
