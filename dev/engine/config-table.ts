import type { Database, Query } from "./database.ts";
import type { FlowControl } from "./flow-lanes.ts";

/** How a message is delivered, as it was set when the message or its run was published. */
export interface DeliveryConfig {
  method: string;
  contentType: string;
  /** Headers that the endpoint receives, without the prefix `Upstash-Forward-`. */
  headers: Record<string, string>;
  retries: number;
  retryDelay?: string;
  timeoutMs?: number;
  flow?: FlowControl;
  labels: string[];
  /** The SDK can fetch a history that is too long to send. */
  canFetchLazily: boolean;
  failure?: { url: string; config: DeliveryConfig };
}

const cacheMax = 1000;

/** Delivery configurations by id. Equal ones share one row and one object. */
export class ConfigTable {
  readonly #db: Database;
  readonly #idByBody = new Map<string, number>();
  readonly #configById = new Map<number, DeliveryConfig>();
  readonly #insert: Query<{ id: number }>;
  readonly #find: Query<{ body: string }>;
  readonly #all: Query<{ id: number; body: string }>;
  readonly #update: Query;
  readonly #prune: Query;

  constructor(db: Database) {
    this.#insert = db.prepare(
      "INSERT INTO configs (body) VALUES (?) ON CONFLICT (body) DO UPDATE SET body = excluded.body RETURNING id",
    );
    this.#find = db.prepare("SELECT body FROM configs WHERE id = ?");
    this.#all = db.prepare("SELECT id, body FROM configs");
    this.#update = db.prepare("UPDATE configs SET body = ? WHERE id = ?");
    this.#prune = db.prepare(
      `DELETE FROM configs WHERE id NOT IN (SELECT config_id FROM runs)
       AND id NOT IN (SELECT config_id FROM messages)`,
    );
    this.#db = db;
  }

  intern(config: DeliveryConfig): number {
    const body = JSON.stringify(config);
    const known = this.#idByBody.get(body);
    if (known !== undefined) return known;
    const id = this.#insert.get(body)?.id;
    if (id === undefined) throw new Error("a delivery configuration could not be stored");
    this.#db.afterCommit(() => this.#remember(id, body, config));
    return id;
  }

  get(id: number): DeliveryConfig {
    const known = this.#configById.get(id);
    if (known) return known;
    const body = this.#find.get(id)?.body;
    if (body === undefined) throw new Error(`delivery configuration ${id} is missing`);
    const config = JSON.parse(body) as DeliveryConfig;
    this.#remember(id, body, config);
    return config;
  }

  rewriteFailureUrls(rewrite: (url: string) => string): void {
    for (const { id, body } of this.#all.all()) {
      const config = JSON.parse(body) as DeliveryConfig;
      if (!config.failure) continue;
      config.failure.url = rewrite(config.failure.url);
      this.#update.run(JSON.stringify(config), id);
    }
    this.#forget();
  }

  pruneUnused(): void {
    this.#prune.run();
    this.#forget();
  }

  #remember(id: number, body: string, config: DeliveryConfig): void {
    if (this.#configById.size >= cacheMax) this.#forget();
    this.#configById.set(id, config);
    this.#idByBody.set(body, id);
  }

  #forget(): void {
    this.#configById.clear();
    this.#idByBody.clear();
  }
}
