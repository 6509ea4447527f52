import { systemIds, ulidOf } from "../../../src/fleet/ids.ts";
import type { ChargerCommand } from "../../../src/ocpp/commands.ts";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import type { CommandOutcome, NewIdTag, Ports, SessionSnapshot } from "../../../src/ports.ts";
import { syncLocalList } from "../../../src/tags/sync-local-list.ts";
import { batchOf, type Database } from "../../harness/database.ts";
import { unusedPort } from "../api/fake-ports.ts";

type Answered = Extract<CommandOutcome, { kind: "answered" }>["answer"];

/** A station that keeps a local list as OCPP has it. */
class ListStation {
  version = 0;
  list = new Map<string, string>();
  /** Versions of all lists that arrived, in their order. */
  readonly versions: number[] = [];
  readonly updates: string[] = [];
  readonly asked: string[] = [];
  limits = { isEnabled: true, entriesMax: null as number | null, itemsMax: null as number | null };
  ocppVersion: OcppVersion = "ocpp1.6";
  isOnline = true;
  generation = 1;
  registration: SessionSnapshot["registrationStatus"] = "Accepted";
  /** Answers in the place of the station; null: the station answers. */
  answers: (command: ChargerCommand) => CommandOutcome | null = () => null;
  /** The answer to the next list is lost on its way. */
  losesAnswer = false;

  take(command: ChargerCommand): CommandOutcome {
    this.asked.push(command.kind);
    const other = this.answers(command);
    if (other) return other;
    if (command.kind === "getLocalListVersion")
      return this.#answer({ kind: "localListVersion", listVersion: this.version });
    if (command.kind === "getLocalListLimits")
      return this.#answer({ kind: "localListLimits", ...this.limits, bytesMax: null });
    if (command.kind !== "sendLocalList") throw new Error(`unexpected ${command.kind}`);
    const status = this.#update(command);
    if (this.losesAnswer) {
      this.losesAnswer = false;
      return { kind: "lost", sent: true, reason: "disconnected" };
    }
    return this.#answer({ kind: "status", status, ocppStatus: status, statusInfo: null });
  }

  #update(command: ChargerCommand & { kind: "sendLocalList" }): string {
    const { listVersion, updateType, entries } = command;
    this.versions.push(listVersion);
    this.updates.push(updateType);
    if (updateType === "Differential" && listVersion <= this.version) return "VersionMismatch";
    const list = new Map(updateType === "Full" ? [] : this.list);
    for (const { idTag, status } of entries) {
      if (status === null) list.delete(idTag);
      else list.set(idTag, status);
    }
    const isTooMuch =
      entries.length > (this.limits.itemsMax ?? Infinity) || list.size > (this.limits.entriesMax ?? Infinity);
    if (isTooMuch) return "Failed";
    this.version = listVersion;
    this.list = list;
    return "Accepted";
  }

  #answer(answer: Answered): CommandOutcome {
    return { kind: "answered", answer, version: this.ocppVersion };
  }
}

/** Chargers of a new organisation, each with its station, and everything a run of their lists needs. */
export async function listScene(db: Database, count: number) {
  const tenant = await db.tenant();
  const identities = Array.from({ length: count }, (_, index) => `LIST-${index}`);
  const batch = batchOf(tenant, identities);
  await db.stores.jobs.accept(batch);
  const organizationId = tenant.organization.id;
  const stations = new Map(batch.chargers.map(({ id }) => [id, new ListStation()]));
  const station = (id: string | undefined) => {
    const found = stations.get(id ?? "");
    if (!found) throw new Error("no such station");
    return found;
  };
  const sessions: Ports["sessions"] = {
    ...unusedPort<Ports["sessions"]>("sessions"),
    snapshot: async (ref) => {
      const { isOnline, generation, ocppVersion, registration } = station(ref.chargerId);
      const seen = { online: isOnline, generation, version: ocppVersion, registrationStatus: registration };
      return seen as SessionSnapshot;
    },
    command: async (ref, command) => station(ref.chargerId).take(command),
  };
  const clock = { nowMs: Date.now(), now: () => new Date(clock.nowMs) };
  const connected = (id: string) =>
    db.stores.chargers.applySessionFacts([
      {
        chargerId: id,
        generation: station(id).generation,
        atMs: clock.nowMs,
        fact: { type: "connection", online: true, ocppVersion: station(id).ocppVersion },
      },
    ]);
  const booted = (id: string) =>
    db.stores.chargers.applySessionFacts([
      {
        chargerId: id,
        generation: station(id).generation,
        atMs: clock.nowMs,
        fact: { type: "boot", vendor: "V", model: "M", serialNumber: null, firmwareVersion: null },
      },
    ]);
  const tag = async (idTag: string, fields: Partial<NewIdTag> = {}) => {
    const id = `tag_${ulidOf(systemIds.uuid())}`;
    const none = { name: null, status: "active", type: null, groupId: null, expiresAt: null, chargerIds: [] };
    const stored = { id, idTag, ...none, ...fields } as NewIdTag;
    const record = { status: 201, body: "{}", headers: {} };
    await db.stores.idTags.create(organizationId, stored, systemIds.uuid(), null, record, clock.now());
    return id;
  };
  const sync = (id: string, tries = 0) =>
    syncLocalList({ localLists: db.stores.localLists, sessions, clock }, id, tries);
  /** One pass of the sweeper, and the runs that it starts. Returns how many these are. */
  const pass = async () => {
    clock.nowMs += 60_000;
    const due = (await db.stores.localLists.due(clock.now())).filter(({ chargerId }) =>
      stations.has(chargerId),
    );
    for (const { chargerId } of due) await sync(chargerId);
    return due.length;
  };
  const state = (index: number) => db.stores.localLists.get(organizationId, identities[index] ?? "");
  const manage = (index: number, mode: "managed" | "off" = "managed") =>
    db.stores.localLists.setMode(organizationId, identities[index] ?? "", mode, clock.now());
  const ids = [...stations.keys()];
  const change = (tagId: string, changes: Parameters<typeof db.stores.idTags.change>[2]) =>
    db.stores.idTags.change(organizationId, tagId, changes, systemIds.uuid(), clock.now());
  const remove = (tagId: string) =>
    db.stores.idTags.remove(organizationId, tagId, systemIds.uuid(), clock.now());
  const [id = ""] = ids;
  const places = { organizationId, ids, identities, id, station: station(id), stationOf: station };
  return { ...places, clock, connected, booted, tag, change, remove, sync, pass, state, manage };
}
