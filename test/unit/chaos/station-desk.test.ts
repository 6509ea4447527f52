import { beforeEach, describe, expect, test, vi } from "vitest";
import { Random } from "../../chaos/random.ts";
import { StationDesk } from "../../chaos/station-desk.ts";
import { RepeatingStation } from "../../harness/ocpp-station/repeating-station.ts";
import type { TakenCall } from "../../harness/ocpp-station/station-reply.ts";

let station: RepeatingStation;
let desk: StationDesk;
/** What chance says: 0.5 refuses nothing, and lets a start begin at once. */
const random = new Random(1);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(random, "next").mockReturnValue(0.5);
  station = new RepeatingStation({
    door: { connectionUrl: "ws://127.0.0.1:1", identity: "X", authorizationKey: "k" },
    version: "ocpp2.0.1",
    react: () => ({ kind: "silence" }),
    redialMs: () => 10,
  });
  desk = new StationDesk(station, random);
  return () => vi.useRealTimers();
});

const ask = (action: string, payload: Record<string, unknown>) =>
  desk.answer({ id: "1", action, payload, connection: 1, atMs: 0, answeredAtMs: null } as TakenCall);
const start = (tag: string) =>
  ask("RequestStartTransaction", { evseId: 1, remoteStartId: 7, idToken: { idToken: tag } });
const reserve = (id: number, tag: string) =>
  ask("ReserveNow", {
    id,
    evseId: 1,
    idToken: { idToken: tag },
    expiryDateTime: new Date(Date.now() + 60_000).toISOString(),
  });
const lists = (versionNumber: number, updateType: string, ...tags: [string, string | null][]) =>
  ask("SendLocalList", {
    versionNumber,
    updateType,
    localAuthorizationList: tags.map(([idToken, status]) => ({
      idToken: { idToken },
      ...(status && { idTokenInfo: { status } }),
    })),
  });

describe("the desk of a chaos station", () => {
  test("begins what was started remotely under its number, refuses a second start meanwhile, and ends it when asked", () => {
    expect(start("A")).toEqual({ status: "Accepted" });
    expect(start("B")).toEqual({ status: "Rejected" });
    vi.advanceTimersByTime(2000);
    expect(station.charges).toMatchObject([{ idTag: "A", remote: { remoteStartId: 7 }, stop: null }]);
    const transactionId = station.charges[0]?.localId;
    expect(ask("RequestStopTransaction", { transactionId: "another" })).toEqual({ status: "Rejected" });
    expect(ask("RequestStopTransaction", { transactionId })).toEqual({ status: "Accepted" });
    expect(station.charges).toMatchObject([{ stop: { reason: "Remote" } }]);
  });

  test("keeps a connector for the tag that reserved it, whose start uses the reservation", () => {
    expect(reserve(3, "A")).toEqual({ status: "Accepted" });
    expect(reserve(4, "B")).toEqual({ status: "Occupied" });
    expect(start("B")).toEqual({ status: "Rejected" });
    expect(start("A")).toEqual({ status: "Accepted" });
    vi.advanceTimersByTime(2000);
    const [charge] = station.charges;
    expect(charge?.reservationId).toBe(3);
    expect(desk.reservations).toMatchObject([
      { state: "used", usedBy: charge?.localId },
      { state: "refused", usedBy: null },
    ]);
    expect(ask("CancelReservation", { reservationId: 3 })).toEqual({ status: "Rejected" });
  });

  test("ends a reservation at its time, or when it is cancelled", () => {
    reserve(3, "A");
    vi.advanceTimersByTime(60_000);
    reserve(4, "B");
    expect(ask("CancelReservation", { reservationId: 4 })).toEqual({ status: "Accepted" });
    expect(desk.reservations.map(({ state }) => state)).toEqual(["expired", "cancelled"]);
  });

  test("keeps its list as it is told, and knows which full lists are shorter than their changes", () => {
    lists(1, "Full", ["A", "Accepted"], ["B", "Blocked"]);
    lists(2, "Differential", ["a", null], ["C", "Accepted"]);
    expect([...desk.list]).toEqual([
      ["b", "Blocked"],
      ["c", "Accepted"],
    ]);
    expect(lists(2, "Differential", ["D", "Accepted"])).toEqual({ status: "VersionMismatch" });
    lists(3, "Full", ["D", "Accepted"]);
    lists(4, "Full", ["D", "Accepted"]);
    expect(desk.lists.map(({ isShorter }) => isShorter)).toEqual([false, false, false, true, false]);
    expect(ask("GetLocalListVersion", {})).toEqual({ versionNumber: 4 });
  });
});
