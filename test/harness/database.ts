import { join } from "node:path";
import { migrationsDirectory } from "../../dev/migrate/read-migrations.ts";
import { startSql } from "../../dev/sql/start-sql.ts";
import type { BatchAccept, ChargerBlueprint, NewCharger, Organization, Ports } from "../../src/ports.ts";
import { systemIds } from "../../src/fleet/ids.ts";
import { settingsStore } from "../../src/store/settings.ts";
import { connect } from "../../src/store/sql.ts";
import { chargerStore } from "../../src/store/chargers.ts";
import { effectStore } from "../../src/store/effects.ts";
import { eventStore } from "../../src/store/events.ts";
import { tagJobStore } from "../../src/store/id-tag-jobs.ts";
import { idTagStore } from "../../src/store/id-tags.ts";
import { idempotencyStore } from "../../src/store/idempotency.ts";
import { jobStore } from "../../src/store/jobs.ts";
import { localListStore } from "../../src/store/local-lists.ts";
import { locationStore } from "../../src/store/locations.ts";
import { SecretSeal } from "../../src/secret-seal.ts";
import { tagRegistryStore } from "../../src/store/tag-registry.ts";
import { deliveryStore } from "../../src/store/webhook-deliveries.ts";
import { webhookStore } from "../../src/store/webhooks.ts";
import { testSql, type TestSql } from "./sql.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

export interface Database {
  sql: TestSql;
  stores: Pick<
    Ports,
    | "chargers"
    | "jobs"
    | "locations"
    | "effects"
    | "events"
    | "webhooks"
    | "deliveries"
    | "settings"
    | "idempotency"
    | "idTags"
    | "tagJobs"
    | "localLists"
    | "tagRegistry"
  >;
  /** A fresh tenant with one location. */
  tenant(settings?: { chargerLimit?: number }): Promise<{ organization: Organization; locationId: string }>;
  close(): Promise<void>;
}

/** A database of this test: the embedded one, or the server at BUSBAR_PG_URL, which is shared with other tests. */
export async function openDatabase({ isShared = true } = {}): Promise<Database> {
  const directory = temporaryDirectory();
  const server = await startSql({
    port: 0,
    dataDir: join(directory.path, "postgres"),
    migrations: migrationsDirectory,
    pgUrl: isShared ? process.env["BUSBAR_PG_URL"] : undefined,
  });
  const sql = testSql(
    connect({
      DATABASE_URL: `postgresql://postgres:postgres@${systemIds.hex(4)}.local.db/postgres`,
      NEON_FETCH_ENDPOINT: `${server.url}/sql`,
    }),
  );
  const seal = new SecretSeal("a secret of the tests, of 32 bytes and more", "busbar webhook secret");
  const stores = {
    chargers: chargerStore(sql),
    jobs: jobStore(sql),
    locations: locationStore(sql),
    effects: effectStore(sql),
    events: eventStore(sql),
    webhooks: webhookStore(sql, seal),
    deliveries: deliveryStore(sql, seal),
    settings: settingsStore(sql),
    idTags: idTagStore(sql),
    tagJobs: tagJobStore(sql),
    localLists: localListStore(sql),
    tagRegistry: tagRegistryStore(sql),
    idempotency: idempotencyStore(sql),
  };
  return {
    sql,
    stores,
    async close() {
      await server.close();
      directory.remove();
    },
    async tenant({ chargerLimit } = {}) {
      const id = systemIds.uuid();
      const slug = `org-${systemIds.hex(6)}`;
      await sql(
        "INSERT INTO organizations (id, slug, name, charger_limit) VALUES ($1::uuid, $2, $2, $3::int)",
        [id, slug, chargerLimit ?? null],
      );
      const organization: Organization = {
        id,
        slug,
        name: slug,
        rateLimit: null,
        rateLimitWindowSeconds: null,
        chargerLimit: chargerLimit ?? null,
        openJobLimit: null,
        acceptUnknownIdTags: true,
        transferHosts: null,
        wsUrlHosts: null,
        allowUnauthenticatedChargers: true,
        masterPassGroupId: null,
        tagCacheSeconds: null,
        transactionUpdateSeconds: 60,
      };
      const locationId = systemIds.uuid();
      const place = { id: locationId, slug: `loc-${systemIds.hex(6)}`, name: "Depot", ...EMPTY_PLACE };
      await stores.locations.create(id, place, new Date(), null, () => ({
        status: 201,
        body: "",
        headers: {},
      }));
      return { organization, locationId };
    },
  };
}

const EMPTY_PLACE = {
  address: null,
  city: null,
  country: null,
  coordinates: null,
  timezone: null,
  ownerName: null,
  fuseLimitA: null,
  public: false,
};

export const blueprint: ChargerBlueprint = {
  brandSlug: "generic",
  modelSlug: "generic-ac-22kw",
  vendorName: "Generic",
  model: "Generic AC 22 kW",
  imageUrl: null,
  ocppVersion: "OCPP1.6",
  numberOfConnectors: 1,
  maxChargingPower: 22_000,
  connectorType: "Type2",
  wsUrl: null,
  runtime: "simulated",
  locationName: null,
};

export function newCharger(identity: string, random = false): NewCharger {
  return { id: systemIds.uuid(), identity, name: null, group: 0, random };
}

/** A batch of chargers with the given identities, ready for `jobs.accept`. */
export function batchOf(
  tenant: { organization: Organization; locationId: string },
  identities: string[],
  overrides: Partial<BatchAccept> = {},
): BatchAccept {
  const jobId = systemIds.uuid();
  return {
    jobId,
    organization: tenant.organization,
    locationId: tenant.locationId,
    type: "location_chargers_create",
    blueprints: [blueprint],
    chargers: identities.map((identity) => newCharger(identity)),
    now: new Date(),
    claim: null,
    recordPublished: { status: 202, body: `published ${jobId}`, headers: {} },
    recordUnpublished: { status: 202, body: `unpublished ${jobId}`, headers: {} },
    ...overrides,
  };
}
