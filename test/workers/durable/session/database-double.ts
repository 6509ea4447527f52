import { vi } from "vitest";
import type { RegistryTag } from "../../../../src/ports.ts";
import { tagShard } from "../../../../src/tag-shard.ts";
import type { CredentialText } from "../../../../src/credential-text.ts";

export interface FlushedFact {
  charger_id: string;
  generation: number;
  at: string;
  type: string;
  [field: string]: unknown;
}

/** Stands in for the SQL endpoint: notes the facts of every flush, and can be down. */
export class DatabaseDouble {
  isDown = false;
  /** How long a statement takes, ms. */
  latencyMs = 0;
  acceptsUnknownTags = true;
  /** Organisations whose sessions asked for it. */
  policyReads: string[] = [];
  /** Tags of organisations, by their id. */
  readonly tags: Map<string, { version: number; tags: RegistryTag[] }> = new Map();
  /** Whose vendor messages webhooks want; null: of all. */
  wantedVendors: string[] | null = [];
  /** That alone cannot be read. */
  hidesVendors = false;
  /** Organisations whose registries asked for it. */
  vendorReads: string[] = [];
  /** The highest transaction id on record. */
  highestId = 0;
  /** Organisations whose allocators asked for it. */
  asked: string[] = [];
  /** Chargers without a living row: true, they were deleted; false, there is no row at all. */
  gone: Map<string, boolean> = new Map();
  /** A statement with this text in its parameters is refused for its values. */
  refused: string | null = null;
  flushes: FlushedFact[][] = [];
  credentials: ToldCredential[] = [];

  constructor() {
    vi.spyOn(globalThis, "fetch").mockImplementation(async (_input, init) => {
      if (this.latencyMs > 0) await scheduler.wait(this.latencyMs);
      return this.#answer(init);
    });
  }

  factsOf(chargerId: string): FlushedFact[] {
    return this.flushes.flat().filter((fact) => fact.charger_id === chargerId);
  }

  #answer(init: RequestInit | undefined): Response {
    if (this.isDown) return new Response("down", { status: 503 });
    const body = JSON.parse(String(init?.body)) as Query | { queries: Query[] };
    const queries = "queries" in body ? body.queries : [body];
    if (this.hidesVendors && queries.some(({ query }) => query.includes("wants_all")))
      return new Response("down", { status: 503 });
    const isRefused = (parameter: unknown) =>
      this.refused !== null && typeof parameter === "string" && parameter.includes(this.refused);
    if (queries.some(({ params }) => isRefused(params[0])))
      return Response.json({ message: "refused", code: "22P02" }, { status: 400 });
    const results = queries.map((query) => this.#result(query));
    return Response.json("queries" in body ? { results } : results[0]);
  }

  #result({ query, params }: Query): object {
    if (query.includes("clock_ms")) return rowsOf({ clock_ms: 701 }, [[String(Date.now())]]);
    if (query.includes("accept_unknown_id_tags")) {
      this.policyReads.push(params[0] ?? "");
      const accepts = this.acceptsUnknownTags ? "t" : "f";
      const columns = {
        accept_unknown_id_tags: 16,
        tag_cache_seconds: 23,
        master_pass_group_id: 25,
        read_at_ms: 701,
      };
      return rowsOf(columns, [[accepts, null, null, String(Date.now())]]);
    }
    if (query.includes("wants_all")) {
      this.vendorReads.push(params[0] ?? "");
      const wanted = this.wantedVendors;
      return rowsOf({ wants_all: 16, vendors: 1009 }, [
        [wanted === null ? "t" : "f", `{${(wanted ?? []).join(",")}}`],
      ]);
    }
    if (query.includes("id_tag_sets")) return this.#tags(query, params);
    if (query.includes("highest_id")) {
      this.asked.push(params[0] ?? "");
      return rowsOf({ highest_id: 23, unknown: 23 }, [[String(this.highestId), "0"]]);
    }
    if (query.includes("SET credential")) {
      this.credentials.push(...(JSON.parse(params[0] ?? "[]") as ToldCredential[]));
      return rowsOf({}, []);
    }
    const facts = JSON.parse(params[0] ?? "[]") as FlushedFact[];
    this.flushes.push(facts);
    return query.includes("is_deleted") ? this.#gone(facts) : rowsOf({}, []);
  }

  #tags(query: string, [organizationId = "", ...params]: string[]): object {
    const known = this.tags.get(organizationId) ?? { version: 0, tags: [] };
    if (query.includes("INSERT INTO")) {
      if (known.version >= Number(params[0])) return rowsOf({ version: 20 }, []);
      known.version = Number(params[0]) + 1;
      return rowsOf({ version: 20 }, [[String(known.version)]]);
    }
    const tags = known.tags.filter(
      ({ key }) => tagShard(key) === Number(params[0]) && key > (params[1] ?? ""),
    );
    return rowsOf({ version: 20, tags: 3802 }, [[String(known.version), JSON.stringify(tags)]]);
  }

  #gone(facts: FlushedFact[]): object {
    const ids = new Set(facts.map(({ charger_id }) => charger_id));
    const rows = [...this.gone].filter(([id]) => ids.has(id));
    return rowsOf(
      { charger_id: 2950, is_deleted: 16 },
      rows.map(([id, isDeleted]) => [id, isDeleted ? "t" : "f"]),
    );
  }
}

interface ToldCredential {
  charger_id: string;
  credential: CredentialText;
}

interface Query {
  query: string;
  params: string[];
}

/** The answer to one statement. `columns`: name and type. */
function rowsOf(columns: Record<string, number>, rows: Array<Array<string | null>>): object {
  const fields = Object.entries(columns).map(([name, dataTypeID]) => ({ name, dataTypeID }));
  return { command: "SELECT", rowCount: rows.length, rows, fields };
}

/** A crash in the middle of a flush sends its facts again; the database counts a repeat once. */
export function once<T>(facts: T[]): T[] {
  // Not by its place in the statement.
  return [...new Map(facts.map((fact) => [JSON.stringify({ ...fact, n: 0 }), fact])).values()];
}
