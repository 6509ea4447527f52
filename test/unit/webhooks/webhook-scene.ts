import type { Config } from "../../../src/env.ts";
import type { Database } from "../../harness/database.ts";
import type {
  DeliveryKey,
  DueDelivery,
  Organization,
  Ports,
  SessionFact,
  StoredEvent,
} from "../../../src/ports.ts";
import { unusedPort } from "../api/fake-ports.ts";
import { ulidOf, systemIds } from "../../../src/fleet/ids.ts";
import { postWebhook } from "../../../src/post-webhook.ts";
import { attemptDelivery, type DeliveryRules } from "../../../src/webhooks/attempt-delivery.ts";

export const SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const RULES: DeliveryRules & Pick<Config, "ALLOW_PRIVATE_TARGETS"> = {
  allowPrivateTargets: true,
  ALLOW_PRIVATE_TARGETS: true,
  retries: 3,
};
const RECORD = { status: 201, body: "{}", headers: {} };

/** An organisation with one charger, over a database, with a clock that a test moves. */
export async function webhookScene(db: Database) {
  const { organization } = await db.tenant();
  const chargerId = crypto.randomUUID();
  const identity = `CP-${systemIds.hex(4)}`;
  const charger = {
    id: chargerId,
    identity,
    name: null,
    location: null,
    securityProfile: 2 as const,
    now: new Date(),
  };
  await db.stores.chargers.register(organization, charger, null, RECORD);
  /** Organisations whose registry was told of a change. */
  const told: string[] = [];
  const clock = { ms: Date.now() };
  const now = () => new Date(clock.ms);
  /** What the engine was given; while `isEngineDown`, it takes nothing. */
  const engine = { published: [] as DueDelivery[], replays: 0, isDown: false };
  const ports: Pick<
    Ports,
    "deliveries" | "webhookPost" | "messages" | "tagRegistries" | "clock" | "webhooks" | "events"
  > = {
    ...db.stores,
    tagRegistries: {
      ...unusedPort<Ports["tagRegistries"]>("tagRegistries"),
      reloadVendors: async (organizationId) => void told.push(organizationId),
    },
    webhookPost: postWebhook,
    messages: {
      deliver: async (deliveries) => {
        if (engine.isDown) throw new Error("down");
        engine.published.push(...deliveries);
        return [...deliveries];
      },
      replayWebhook: async () => {
        if (engine.isDown) throw new Error("down");
        engine.replays += 1;
      },
    },
    clock: { now },
  };
  let generation = 0;
  return {
    told,
    organization,
    identity,
    clock,
    engine,
    ports,
    now,
    async hook(
      url: string,
      more: { events?: string[]; vendorIds?: string[]; of?: Organization; secret?: string } = {},
    ) {
      const id = `wh_${ulidOf(systemIds.uuid())}`;
      const { events = ["charger.connected"], vendorIds = null, of = organization, secret = SECRET } = more;
      await db.stores.webhooks.create(of.id, { id, url, events, vendorIds, secret }, null, RECORD, now());
      return id;
    },
    /** The charger connects; the events of it. */
    async connected(): Promise<StoredEvent[]> {
      const told: StoredEvent[] = [];
      const fact: SessionFact = { type: "connection", online: true, ocppVersion: "ocpp1.6" };
      generation += 1;
      await db.stores.chargers.applySessionFacts(
        [{ chargerId, generation, atMs: clock.ms, fact }],
        (events) => void told.push(...events),
      );
      return told;
    },
    key: (webhookId: string, eventId: string): DeliveryKey => ({
      organizationId: organization.id,
      webhookId,
      eventId,
    }),
    attempt: (webhookId: string, eventId: string, rules: DeliveryRules = RULES) =>
      attemptDelivery(ports, { organizationId: organization.id, webhookId, eventId }, rules),
    async deliveries(webhookId: string) {
      return (await db.stores.webhooks.deliveries(organization.id, webhookId, 200)) ?? [];
    },
    async webhook(webhookId: string) {
      return (await db.stores.webhooks.list(organization.id)).find(({ id }) => id === webhookId);
    },
  };
}
