import { Conflict, NotFound } from "../../../../src/errors.ts";
import type {
  Charger,
  ChargerFilter,
  ChargerProvisioning,
  ChargerStore,
  EffectBatch,
  FrameQuery,
  FrameRow,
  IdempotencyClaim,
  JobStore,
  Location,
  LocationStore,
  RecordedResponse,
  Runtime,
  SessionRef,
  Sessions,
} from "../../../../src/ports.ts";

/** What a charger's record holds beside its answer. */
export interface ChargerSettings {
  runtime: Runtime;
  wsUrl: string | null;
  locationName: string | null;
  desiredCount: number;
  model: string;
}

/** What a fleet in memory holds that changes work on. */
export interface FleetRows {
  readonly locations: Map<string, Location & { organizationId: string }>;
  readonly chargers: Map<string, Charger & { organizationId: string }>;
  readonly provisionings: Map<string, ChargerProvisioning>;
  readonly settings: Map<string, ChargerSettings>;
  readonly frames: Map<string, FrameRow[]>;
  readonly frameQueries: Array<{ ref: SessionRef; query: FrameQuery }>;
  chargersOf(organizationId: string, filter: Partial<ChargerFilter>): Charger[];
  settingsOf(chargerId: string): ChargerSettings;
  recordedFor(organizationId: string, claim: IdempotencyClaim): RecordedResponse | null;
}

type Changes = Pick<ChargerStore, "update" | "remove" | "setRuntime" | "sessionRef">;

const SELECTION_MAX = 1000;

/** Changes of chargers as the real store makes them, and the effects they would leave. */
export function memoryChanges(fleet: FleetRows): Changes {
  const select = (organizationId: string, locationId: string | null, ids: string[] | null) =>
    fleet.chargersOf(organizationId, { locationId, ids });
  const effects = (id: string, total: number): EffectBatch | null => (total > 0 ? { id, total } : null);
  return {
    async update(organizationId, { locationId, chargerIds }, changes, defaults, batchId, now) {
      const target = changes.locationId;
      if (target !== undefined && fleet.locations.get(target)?.organizationId !== organizationId)
        throw new NotFound("Location", target);
      const selected = select(organizationId, locationId, chargerIds);
      if (selected.length > SELECTION_MAX)
        return { updated: [], invalid: [], selected: SELECTION_MAX + 1, effects: null };
      const isUnfit = ({ id }: Charger) =>
        fleet.settingsOf(id).runtime === "external" && typeof changes.wsUrl === "string";
      const fit = selected.filter((charger) => !isUnfit(charger));
      const stirred = fit.filter((charger) => {
        const settings = fleet.settingsOf(charger.id);
        const next = {
          ...charger,
          ...named({ name: changes.name, ocppVersion: changes.ocppVersion, locationId: target }),
          ...(changes.connectorType === undefined
            ? {}
            : {
                connectorType: changes.connectorType ?? defaults.connectorTypes[settings.model] ?? null,
              }),
        };
        const nextSettings = {
          ...settings,
          ...named({ wsUrl: changes.wsUrl, locationName: changes.locationName }),
        };
        fleet.settings.set(charger.id, nextSettings);
        if (isEqual([charger, settings], [next, nextSettings])) return false;
        fleet.chargers.set(charger.id, {
          ...next,
          organizationId,
          revision: charger.revision + 1,
          updatedAt: now,
        });
        return (
          settings.runtime === "simulated" &&
          (charger.connectorType !== next.connectorType ||
            charger.ocppVersion !== next.ocppVersion ||
            settings.wsUrl !== nextSettings.wsUrl)
        );
      });
      return {
        updated: fit.flatMap(({ id }) => fleet.chargers.get(id) ?? []),
        invalid: selected.filter(isUnfit).map(({ id }) => id),
        selected: selected.length,
        effects: effects(batchId, stirred.length),
      };
    },

    async remove(organizationId, { locationId, chargerIds }, batchId) {
      const gone = select(organizationId, locationId, chargerIds).map(({ id, identity }) => ({
        chargerId: id,
        identity,
        runtime: fleet.settingsOf(id).runtime,
        simulatorHost: null,
      }));
      for (const { chargerId } of gone) fleet.chargers.delete(chargerId);
      return { gone, jobIds: [], effects: effects(batchId, gone.length) };
    },

    async setRuntime(organizationId, id, event, batchId) {
      const [charger] = select(organizationId, null, [id]);
      if (!charger) return null;
      const { ocppVersion } = charger;
      const settings = fleet.settingsOf(id);
      if (settings.runtime === "external") return { state: "external", ocppVersion, effects: null };
      if (fleet.provisionings.get(id)?.status !== "READY")
        return { state: "notProvisioned", ocppVersion, effects: null };
      const desiredCount = event === "stop" ? 0 : 1;
      const isNew = event === "restart" || settings.desiredCount !== desiredCount;
      fleet.settings.set(id, { ...settings, desiredCount });
      return { state: "done", ocppVersion, effects: effects(batchId, isNew ? 1 : 0) };
    },

    async sessionRef(organizationId, id) {
      const [charger] = select(organizationId, null, [id]);
      return charger ? { identity: charger.identity, chargerId: id } : null;
    },
  };
}

export function memoryLocationChanges(fleet: FleetRows): Pick<LocationStore, "update" | "remove"> {
  return {
    async update(organizationId, id, changes, now) {
      const location = fleet.locations.get(id);
      if (location?.organizationId !== organizationId) return null;
      const isTaken = [...fleet.locations.values()].some(
        (other) => other !== location && other.slug === changes.slug,
      );
      if (isTaken) throw new Conflict("Location slug already exists");
      const next = { ...location, ...named(changes) };
      if (isEqual(next, location)) return location;
      const changed = { ...next, revision: location.revision + 1, updatedAt: now };
      fleet.locations.set(id, changed);
      return changed;
    },
    async remove(organizationId, id) {
      if (fleet.locations.get(id)?.organizationId !== organizationId) return "unknown";
      const inUse = fleet.chargersOf(organizationId, { locationId: id, ids: null }).length;
      if (inUse > 0) return { inUse };
      fleet.locations.delete(id);
      return "removed";
    },
  };
}

export function memoryRecorded(fleet: FleetRows): Pick<JobStore, "recorded"> {
  return { recorded: async (organizationId, claim) => fleet.recordedFor(organizationId, claim) };
}

/** Sessions that know nothing but the frames a test gave them. */
export function memoryFrames(fleet: FleetRows): Pick<Sessions, "frames"> {
  return {
    async frames(ref, query) {
      fleet.frameQueries.push({ ref, query });
      const rows = fleet.frames.get(ref.chargerId ?? "");
      return rows ? page(rows, query) : null;
    },
  };
}

function page(rows: FrameRow[], { limit, offset }: FrameQuery) {
  return { rows: rows.slice(offset, offset + limit), total: rows.length };
}

function named<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
