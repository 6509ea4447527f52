import type { RepeatingStation } from "../harness/ocpp-station/repeating-station.ts";
import type { StationCharge } from "../harness/ocpp-station/station-talk.ts";
import type { TakenCall } from "../harness/ocpp-station/station-reply.ts";
import type { Random } from "./random.ts";

/** A reservation as its station knows it. "refused": the station never held it. */
export interface StationReservation {
  id: number;
  idTag: string;
  connectorId: number;
  expiresAtMs: number;
  askedAtMs: number;
  state: "held" | "refused" | "used" | "cancelled" | "expired" | "removed";
  /** `localId` of the transaction that used it. */
  usedBy: string | null;
  /** Whether the central system has answered the message about an end that the station decided. */
  isEndTold: boolean;
}

/** A SendLocalList that the station took. */
export interface TakenList {
  version: number;
  update: string;
  call: TakenCall;
  /** What the station answered, also where the answer did not leave. */
  status: string;
  /** A change of the list would have had more entries than the list: then a full one is shorter. */
  isShorter: boolean;
}

const REFUSES = 0.1;
/** How a start that the station accepted goes on: at once, after the loss of its connection, much later, never. */
const AT_ONCE = 0.6;
const OFFLINE = 0.8;
const LATE = 0.9;

/** What the central system asks of a station: remote starts and stops, reservations, and the local list. */
export class StationDesk {
  readonly reservations: StationReservation[] = [];
  readonly lists: TakenList[] = [];
  /** Status by id tag in lower case. */
  readonly list = new Map<string, string>();
  listVersion = 0;
  /** Takes every list, so that what has to be brought to it can be. */
  isObedient = false;
  readonly #station: RepeatingStation;
  readonly #random: Random;
  readonly #listMax: number;
  /** Timers of accepted starts, by connector. */
  readonly #planned = new Map<number, NodeJS.Timeout | null>();

  constructor(station: RepeatingStation, random: Random) {
    this.#station = station;
    this.#random = random;
    this.#listMax = random.pick([5, 20, 200]);
  }

  /** The answer to a CALL that is carried out by it; undefined: the CALL is for somebody else. */
  answer(call: TakenCall): object | undefined {
    const { action, payload } = call;
    switch (action) {
      case "RemoteStartTransaction":
        return this.#remoteStart(Number(payload["connectorId"]), String(payload["idTag"]), null);
      case "RequestStartTransaction": {
        const { idToken } = payload["idToken"] as { idToken: string };
        return this.#remoteStart(Number(payload["evseId"]), idToken, Number(payload["remoteStartId"]));
      }
      case "RemoteStopTransaction":
      case "RequestStopTransaction":
        return this.#remoteStop(payload["transactionId"]);
      case "ReserveNow":
        return this.#reserve(payload);
      case "CancelReservation":
        return this.#cancel(Number(payload["reservationId"]));
      case "GetLocalListVersion":
        return this.#is16 ? { listVersion: this.listVersion } : { versionNumber: this.listVersion };
      case "SendLocalList":
        return { status: this.#takeList(call) };
      case "GetReport":
        return { status: "EmptyResultSet" };
      case "GetConfiguration":
        return this.#configuration(payload["key"]);
      default:
        return undefined;
    }
  }

  /** Somebody comes with a card; the holder of a reservation comes to a reserved connector. */
  comeToCharge(connectorId: number, idTag: string): void {
    const holder = this.#heldAt(connectorId);
    if (this.#planned.has(connectorId) || (holder && this.#random.chance(0.5))) return;
    this.#begin(connectorId, holder?.idTag ?? idTag);
  }

  /** The station gives up a reservation by itself. */
  giveUpReservation(): void {
    const held = this.#random.pick(this.reservations.filter((one) => this.#isHeld(one)));
    if (held) this.#end(held, "removed");
  }

  /** Forgets accepted starts that have not begun: nobody comes any more. */
  sendDriversAway(): void {
    for (const timer of this.#planned.values()) if (timer) clearTimeout(timer);
    this.#planned.clear();
  }

  get #is16(): boolean {
    return this.#station.version === "ocpp1.6";
  }

  #remoteStart(connectorId: number, idTag: string, remoteStartId: number | null): object {
    const holder = this.#heldAt(connectorId);
    const isBusy = this.#station.running(connectorId) !== undefined || this.#planned.has(connectorId);
    const isTaken = isBusy || (holder !== undefined && holder.idTag !== idTag);
    if (isTaken || this.#random.chance(REFUSES)) return { status: "Rejected" };
    const fate = this.#random.next();
    const begin = () => {
      this.#planned.delete(connectorId);
      this.#begin(connectorId, idTag, { remoteStartId });
    };
    const loseLine = () => {
      this.#station.drop();
      begin();
    };
    const random = this.#random;
    if (fate < AT_ONCE) this.#plan(connectorId, random.integer(0, 2000), begin);
    else if (fate < OFFLINE) this.#plan(connectorId, random.integer(50, 500), loseLine);
    else if (fate < LATE) this.#plan(connectorId, random.integer(4000, 12_000), begin);
    return { status: "Accepted" };
  }

  #plan(connectorId: number, afterMs: number, run: () => void): void {
    this.#planned.set(connectorId, setTimeout(run, afterMs));
  }

  #begin(connectorId: number, idTag: string, remote?: StationCharge["remote"]): void {
    const held = this.#heldAt(connectorId);
    const reservation = held?.idTag === idTag ? held : undefined;
    const namesIt = reservation !== undefined && this.#random.chance(0.7);
    const charge = this.#station.begin(connectorId, idTag, {
      ...(remote && { remote }),
      ...(namesIt && { reservationId: reservation.id }),
    });
    if (reservation) Object.assign(reservation, { state: "used", usedBy: charge.localId });
  }

  #remoteStop(transactionId: unknown): object {
    const charge = this.#station.charges.find(
      ({ localId, transactionIds, stop }) =>
        stop === null &&
        (this.#is16 ? transactionIds.includes(Number(transactionId)) : localId === transactionId),
    );
    if (!charge || this.#random.chance(REFUSES)) return { status: "Rejected" };
    this.#station.end(charge, "Remote");
    return { status: "Accepted" };
  }

  #reserve(payload: Record<string, unknown>): object {
    const token = payload["idToken"] as { idToken: string } | undefined;
    const connectorId = Number(payload[token ? "evseId" : "connectorId"]);
    const isTaken =
      this.#station.running(connectorId) !== undefined ||
      this.#planned.has(connectorId) ||
      this.#heldAt(connectorId) !== undefined;
    const isRefused = isTaken || this.#random.chance(REFUSES);
    const reservation: StationReservation = {
      id: Number(payload[token ? "id" : "reservationId"]),
      idTag: token?.idToken ?? String(payload["idTag"]),
      connectorId,
      expiresAtMs: Date.parse(String(payload[token ? "expiryDateTime" : "expiryDate"])),
      askedAtMs: Date.now(),
      state: isRefused ? "refused" : "held",
      usedBy: null,
      isEndTold: false,
    };
    this.reservations.push(reservation);
    if (isRefused) return { status: isTaken ? "Occupied" : "Rejected" };
    const leftMs = reservation.expiresAtMs - Date.now();
    setTimeout(() => reservation.state === "held" && this.#end(reservation, "expired"), leftMs).unref();
    return { status: "Accepted" };
  }

  #cancel(reservationId: number): object {
    const held = this.reservations.find((one) => one.id === reservationId && this.#isHeld(one));
    if (held) held.state = "cancelled";
    return { status: held ? "Accepted" : "Rejected" };
  }

  #end(reservation: StationReservation, state: "expired" | "removed"): void {
    reservation.state = state;
    this.#station.tellReservationEnded(reservation.id, state === "expired" ? "Expired" : "Removed", () => {
      reservation.isEndTold = true;
    });
  }

  #isHeld({ state, expiresAtMs }: StationReservation): boolean {
    return state === "held" && Date.now() < expiresAtMs;
  }

  #heldAt(connectorId: number): StationReservation | undefined {
    return this.reservations.find((one) => one.connectorId === connectorId && this.#isHeld(one));
  }

  #configuration(keys: unknown): object {
    const asked = Array.isArray(keys) ? keys.map(String) : [];
    const name = "SendLocalListMaxLength";
    const known = asked.includes(name) ? [{ key: name, readonly: true, value: String(this.#listMax) }] : [];
    return { configurationKey: known, unknownKey: asked.filter((key) => key !== name) };
  }

  #takeList(call: TakenCall): string {
    const { payload } = call;
    const version = Number(payload["listVersion"] ?? payload["versionNumber"]);
    const update = String(payload["updateType"]);
    const entries = listEntries(payload["localAuthorizationList"]);
    const status = this.#verdictOnList(version, update);
    const isShorter = update === "Full" && changesBetween(this.list, new Map(entries)) > entries.length;
    this.lists.push({ version, update, call, status, isShorter });
    if (status !== "Accepted") return status;
    if (update === "Full") this.list.clear();
    for (const [name, state] of entries) {
      if (state === null) this.list.delete(name);
      else this.list.set(name, state);
    }
    this.listVersion = version;
    return status;
  }

  #verdictOnList(version: number, update: string): string {
    if (update === "Differential" && version <= this.listVersion) return "VersionMismatch";
    if (this.isObedient) return "Accepted";
    const mood = this.#random.next();
    if (mood < 0.08) return "Failed";
    return mood < 0.13 && update === "Differential" ? "VersionMismatch" : "Accepted";
  }
}

interface ListedTag {
  idTag?: string;
  idTagInfo?: { status: string };
  idToken?: { idToken: string };
  idTokenInfo?: { status: string };
}

/** Id tags in lower case with their status; null: the tag is removed. */
function listEntries(list: unknown): [name: string, status: string | null][] {
  return (Array.isArray(list) ? (list as ListedTag[]) : []).map((entry) => [
    (entry.idTag ?? entry.idToken?.idToken ?? "").toLowerCase(),
    (entry.idTagInfo ?? entry.idTokenInfo)?.status ?? null,
  ]);
}

function changesBetween(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string | null>) {
  const removed = [...before.keys()].filter((name) => !after.has(name)).length;
  return removed + [...after].filter(([name, status]) => before.get(name) !== status).length;
}
